// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Vitals

/// Keeps the beats that it gets; only `agent` is a heartbeat check.
final class FakeHeartbeats: PushSink {
    struct Beat: Sendable {
        let check: String
        let source: PushSource
        let received: Instant
    }

    private let taken = Mutex<[Beat]>([])

    var beats: [Beat] { taken.withLock { $0 } }

    func take(_ item: PushItem, from source: PushSource, at received: Instant) throws(PushRefusal) {
        guard item == .heartbeat(name: "agent") else {
            throw .unknownCheck(type: item.kind.rawValue, name: item.name)
        }
        taken.withLock { $0.append(Beat(check: item.name, source: source, received: received)) }
    }

    func closed(_ connection: ConnectionID, at instant: Instant) {}
}
