// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Vitals

/// Keeps the beats that it gets; only `agent` is a heartbeat check.
final class FakeHeartbeats: HeartbeatSink {
    struct Beat: Sendable {
        let check: String
        let source: PushSource
        let received: Instant
    }

    private let taken = Mutex<[Beat]>([])

    var beats: [Beat] { taken.withLock { $0 } }

    func beat(_ check: String, from source: PushSource, at received: Instant) -> HeartbeatAnswer {
        guard check == "agent" else { return .unknownCheck }
        taken.withLock { $0.append(Beat(check: check, source: source, received: received)) }
        return .accepted
    }

    func closed(_ connection: ConnectionID, at instant: Instant) {}
}
