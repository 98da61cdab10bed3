// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// A listening socket that the service manager opened for us (sd_listen_fds(3)) and keeps open when we end, so that
/// whoever connects meanwhile waits instead of being refused.
package struct HandedSocket: Sendable, Equatable {
    /// What is spoken on it.
    package enum Purpose: String, Sendable {
        /// The socket for asking and pushing.
        case rpc
        /// The pages.
        case http
    }

    /// Where it listens.
    package enum Address: Sendable, Equatable {
        /// A Unix socket at this path.
        case path(String)
        /// An IP address, an IPv6 one without brackets, and a port.
        case ip(host: String, port: Int)
    }

    /// The listening descriptor; non-blocking and closed on exec from here on.
    package let descriptor: CInt
    /// What it is for.
    package let purpose: Purpose
    /// Where it listens.
    package let address: Address

    /// Why a socket is of no use: place, fact, remedy.
    package struct Fault: Error, Sendable, Equatable, CustomStringConvertible {
        /// One sentence and its remedy.
        package let description: String
        /// Whether there is a descriptor at all, which has to be closed.
        var isOpen = true
    }

    /// Looks at a socket that was handed over, and takes it. By its FileDescriptorName= it is `rpc` or `http`; one that
    /// was given no name of ours is taken for what it looks like.
    package init(_ socket: ServiceEnvironment.Socket) throws(Fault) {
        let name = socket.name.isEmpty ? "" : " (\"\(socket.name)\")"
        let place = "descriptor \(socket.descriptor)\(name) of LISTEN_FDS"
        descriptor = socket.descriptor
        let flags = fcntl(descriptor, F_GETFD)
        guard flags >= 0, fcntl(descriptor, F_SETFD, flags | FD_CLOEXEC) == 0 else {
            throw Fault(
                description: "\(place): it is not open. Start vitald through systemd, or without LISTEN_FDS.",
                isOpen: false)
        }
        guard Self.option(SO_TYPE, of: descriptor) == CInt(SOCK_STREAM.rawValue),
            Self.option(SO_ACCEPTCONN, of: descriptor) == 1
        else {
            throw Fault(
                description:
                    "\(place): it is not a listening stream socket. Open it with ListenStream= and Accept=no."
            )
        }
        guard let address = Self.address(of: descriptor) else {
            throw Fault(
                description:
                    "\(place): it listens neither at a path nor at an IP address. Name one in ListenStream=.")
        }
        self.address = address
        purpose = Purpose(rawValue: socket.name) ?? Self.guess(address)
        if case .ip = address, purpose == .rpc {
            throw Fault(
                description:
                    "\(place): it is an IP address, where nobody knows who asks. Give it FileDescriptorName=http, "
                    + "or a path in ListenStream=.")
        }
        let status = fcntl(descriptor, F_GETFL)
        guard status >= 0, fcntl(descriptor, F_SETFL, status | O_NONBLOCK) == 0 else {
            throw Fault(description: "\(place): it cannot be made non-blocking (errno \(errno)).")
        }
    }

    /// The path, where it has one.
    package var path: String? {
        if case .path(let path) = address { path } else { nil }
    }

    /// Without a name of ours: systemd's own default is the unit's name.
    private static func guess(_ address: Address) -> Purpose {
        switch address {
        case .path(let path): path.hasSuffix("/http.sock") ? .http : .rpc
        case .ip: .http
        }
    }

    private static func option(_ name: CInt, of descriptor: CInt) -> CInt? {
        var value: CInt = 0
        var length = socklen_t(MemoryLayout<CInt>.size)
        return getsockopt(descriptor, SOL_SOCKET, name, &value, &length) == 0 ? value : nil
    }

    private static func address(of descriptor: CInt) -> Address? {
        // sun_path is the longest, 108 bytes that need not end in a zero.
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 128) { room in
            guard let base = room.baseAddress else { return nil }
            var port: UInt16 = 0
            switch clinux_bound_address(descriptor, base, room.count, &port) {
            case CLINUX_PATH: return .path(String(cString: base))
            case CLINUX_IP: return .ip(host: String(cString: base), port: Int(port))
            default: return nil
            }
        }
    }
}
