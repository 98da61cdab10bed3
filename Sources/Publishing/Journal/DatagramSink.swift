// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// Sends datagrams to a Unix socket without ever waiting for its reader: journald's, or systemd's notify socket.
///
/// libsystemd's own senders block for as long as nobody reads, which would stop the daemon.
final class DatagramSink: LineSink {
    private let descriptor: Int32
    private let address: [UInt8]

    /// Makes a sink for a socket path; a leading `@` names an abstract socket (unix(7)).
    init(path: String) {
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | clinux_sock_flags(), 0)
        address = Array(path.utf8)
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// A journald that is not there may come back: the line waits for it.
    func offer(_ line: ArraySlice<UInt8>) -> LineDelivery { send(line) == .sent ? .taken(line.count) : .full }

    /// What became of a datagram.
    enum Delivery: Equatable {
        /// The kernel has it.
        case sent
        /// The reader's queue is full; try again.
        case full
        /// There is no reader: errno.
        case failed(Int32)
    }

    /// Sends one datagram; one that is too large for the socket goes as a sealed memory file.
    func send(_ bytes: ArraySlice<UInt8>) -> Delivery {
        let code = bytes.withUnsafeBytes { data in
            address.withUnsafeBytes { path in
                clinux_send_datagram(descriptor, path.baseAddress, path.count, data.baseAddress, data.count)
            }
        }
        switch code {
        case 0: return .sent
        case EAGAIN, ENOBUFS: return .full
        default: return .failed(code)
        }
    }
}
