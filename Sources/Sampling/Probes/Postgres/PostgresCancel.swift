// SPDX-License-Identifier: Apache-2.0

import CLibPQ
import Glibc
import Threads
import Vitals

/// Asks a server to end the statement that a connection waits for.
///
/// PQcancel of libpq 15 opens a connection of its own, in clear text, and blocks until the server closes it, however
/// long that takes: hence a thread of its own, which nobody waits for, and no use of the connection afterwards. What
/// an eavesdropper learns is a key with which that connection's statements could be cancelled, and nothing else.
final class PostgresCancel: Sendable {
    /// PQcancel needs little.
    private static let stackSize = 128 * 1024

    /// The request; `@unchecked Sendable`: made here, handed to one thread, which alone has it then.
    private struct Request: @unchecked Sendable { let pointer: OpaquePointer }

    private let done = Awaited<Bool>()

    /// Sends the request; nil where that is not possible.
    init?(_ connection: PostgresConnection) {
        guard let pointer = connection.cancellation else { return nil }
        let request = Request(pointer: pointer)
        let started = OwnThread.start(stackSize: Self.stackSize) { [done] in
            var reason = [CChar](repeating: 0, count: 256)
            let sent = PQcancel(request.pointer, &reason, Int32(clamping: reason.count))
            PQfreeCancel(request.pointer)
            done.fulfil(sent == 1)
        }
        guard started else {
            PQfreeCancel(pointer)
            return nil
        }
    }

    /// Whether its thread is still there.
    var isUnderWay: Bool { done.value(within: .zero) == nil }
}

/// Sends the cancel requests of one check, one at a time, whichever connections they are for: where a firewall drops
/// what opens a connection, each takes a thread and a socket for two minutes.
final class PostgresCanceller {
    private var latest: PostgresCancel?

    /// Asks the server to end the statement of a connection, unless an earlier request is still under way.
    func cancel(_ connection: PostgresConnection) {
        guard latest?.isUnderWay != true else { return }
        latest = PostgresCancel(connection)
    }
}
