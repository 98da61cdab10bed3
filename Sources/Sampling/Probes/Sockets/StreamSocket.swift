// SPDX-License-Identifier: Apache-2.0

import Glibc
import Vitals

/// A connected stream socket that never blocks beyond a countdown; closed with its owner.
final class StreamSocket {
    private let descriptor: Int32

    private init(_ descriptor: Int32) { self.descriptor = descriptor }

    deinit { Glibc.close(descriptor) }

    /// Connects.
    static func connect(to endpoint: Endpoint, _ countdown: Countdown) throws(ConnectFailure) -> StreamSocket
    {
        let family: Int32 =
            switch endpoint {
            case .address(let address): address.family
            case .path: AF_UNIX
            }
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = socket(family, kind, 0)
        guard descriptor >= 0 else { throw .refused(errno: errno) }
        let made = StreamSocket(descriptor)
        switch endpoint {
        case .address(let address):
            made.set(Int32(IPPROTO_TCP), TCP_NODELAY, 1)
            // Data that nobody acknowledges must not keep a dead connection alive for 15 minutes (tcp(7)).
            made.set(
                Int32(IPPROTO_TCP), TCP_USER_TIMEOUT,
                Int32(clamping: countdown.remaining.nanoseconds / 1_000_000))
            try made.finish(
                address.withSockaddr { address, length in Glibc.connect(descriptor, address, length) },
                countdown)
        case .path(let path):
            var name = sockaddr_un()
            name.sun_family = sa_family_t(AF_UNIX)
            let bytes = Array(path.utf8)
            let fits = withUnsafeMutableBytes(of: &name.sun_path) { raw in
                // A byte is kept for the terminating zero.
                guard bytes.count < raw.count else { return false }
                raw.copyBytes(from: bytes)
                return true
            }
            guard fits else { throw .refused(errno: ENAMETOOLONG) }
            let code = withUnsafePointer(to: &name) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            try made.finish(code, countdown)
        }
        return made
    }

    /// Why connecting does not work; nil when it does, just now.
    static func failure(connectingTo endpoint: Endpoint, _ countdown: Countdown) -> ConnectFailure? {
        do throws(ConnectFailure) {
            _ = try connect(to: endpoint, countdown)
            return nil
        } catch { return error }
    }

    /// Writes everything.
    func write(_ bytes: [UInt8], _ countdown: Countdown) throws(ConnectFailure) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                // SIGPIPE would end a process that has not ignored it.
                send(
                    descriptor, $0.baseAddress?.advanced(by: sent), bytes.count - sent,
                    Int32(clamping: MSG_NOSIGNAL))
            }
            if count >= 0 {
                sent += count
            } else if errno == EAGAIN {
                try wait(POLLOUT, countdown)
            } else if errno != EINTR {
                throw .refused(errno: errno)
            }
        }
    }

    /// Reads what is there into `buffer`, waiting for the first byte; 0 at the end of the stream.
    func read(into buffer: UnsafeMutableRawBufferPointer, _ countdown: Countdown) throws(ConnectFailure)
        -> Int
    {
        while true {
            let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
            if count >= 0 { return count }
            if errno == EAGAIN {
                try wait(POLLIN, countdown)
            } else if errno != EINTR {
                throw .refused(errno: errno)
            }
        }
    }

    private func finish(_ code: Int32, _ countdown: Countdown) throws(ConnectFailure) {
        if code == 0 { return }
        // On a Unix socket EAGAIN is final: its backlog is full, and poll(2) would not say when it is not.
        guard errno == EINPROGRESS || errno == EINTR else { throw .refused(errno: errno) }
        try wait(POLLOUT, countdown)
        var error: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &length)
        if error != 0 { throw .refused(errno: error) }
    }

    private func wait(_ events: Int32, _ countdown: Countdown) throws(ConnectFailure) {
        switch countdown.wait(for: Int16(events), on: descriptor) {
        case .ready: return
        case .late: throw .timeout
        case .failed(let code): throw .refused(errno: code)
        }
    }

    private func set(_ level: Int32, _ option: Int32, _ value: Int32) {
        var value = value
        setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }
}
