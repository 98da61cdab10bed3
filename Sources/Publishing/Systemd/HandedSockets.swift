// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The sockets that the service manager opened for us, proven. Made first of all, before anything else is opened: a number
/// that was promised and is not open then would soon be a descriptor of our own.
package struct HandedSockets: Sendable {
    /// Those that can be served.
    package let sockets: [HandedSocket]
    /// What is of no use, one sentence each.
    package let remarks: [String]
    /// Their descriptors, as far as they are open: also at one of them somebody may wait.
    private let useless: [CInt]

    /// net.core.somaxconn bounds every queue; this is its default since Linux 5.4.
    private static let longestQueue = 4096

    /// Takes what was handed over.
    package init(_ promised: [ServiceEnvironment.Socket]) {
        var sockets: [HandedSocket] = []
        var remarks: [String] = []
        var useless: [CInt] = []
        for socket in promised {
            do throws(HandedSocket.Fault) {
                sockets.append(try HandedSocket(socket))
            } catch {
                remarks.append(error.description)
                if error.isOpen { useless.append(socket.descriptor) }
            }
        }
        self.sockets = sockets
        self.remarks = remarks
        self.useless = useless
    }

    /// Closes what is of no use; once, when the start has succeeded.
    package func letGo() { for descriptor in useless { close(descriptor) } }

    /// Sends away whoever waits, for a start that comes to nothing and is not repeated by itself: the manager would start
    /// us for them at once, and again, until it gives up the sockets.
    package func sendAway() {
        for descriptor in sockets.map(\.descriptor) + useless {
            // Nobody may be waiting, and a socket of no use may be one that blocks.
            _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
            // No more than fit into the longest queue: who keeps coming must not keep us.
            for _ in 0..<Self.longestQueue {
                let connection = accept(descriptor, nil, nil)
                // A single client that went, or a signal, says nothing about the others (accept(2)).
                if connection < 0, errno == ECONNABORTED || errno == EINTR { continue }
                guard connection >= 0 else { break }
                close(connection)
            }
        }
    }
}
