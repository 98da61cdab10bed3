// SPDX-License-Identifier: Apache-2.0

import Glibc
package import Threads

/// A stream socket that is connected only to learn from the kernel whether that works; nothing is sent over it.
package enum StreamSocket {
    /// Why connecting does not work; nil when it does, just now. Never blocks beyond the countdown.
    package static func failure(connectingTo endpoint: Endpoint, _ countdown: Countdown) -> ConnectFailure? {
        let family: Int32 =
            switch endpoint {
            case .address(let address): address.family
            case .path: AF_UNIX
            }
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = socket(family, kind, 0)
        guard descriptor >= 0 else { return .refused(errno: errno) }
        defer { Glibc.close(descriptor) }
        let code: Int32
        switch endpoint {
        case .address(let address):
            code = address.withSockaddr { address, length in connect(descriptor, address, length) }
        case .path(let path):
            guard let name = sockaddr_un(path: path) else { return .refused(errno: ENAMETOOLONG) }
            code = withUnsafePointer(to: name) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
        }
        if code == 0 { return nil }
        // On a Unix socket EAGAIN is final: its backlog is full, and poll(2) would not say when it is not.
        guard errno == EINPROGRESS || errno == EINTR else { return .refused(errno: errno) }
        switch countdown.wait(for: Int16(POLLOUT), on: descriptor) {
        case .ready: break
        case .late: return .timeout
        case .failed(let code): return .refused(errno: code)
        }
        var error: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &length)
        return error == 0 ? nil : .refused(errno: error)
    }
}
