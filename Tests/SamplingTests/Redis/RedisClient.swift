// SPDX-License-Identifier: Apache-2.0

import Glibc
import Outbound
import Testing

@testable import Sampling

/// A blocking connection of a test's own to a Redis on a Unix socket.
final class RedisClient {
    private let descriptor: Int32
    private let reader: RedisReader

    /// Connects; a server that says nothing for ten seconds ends a read.
    init(path: String) throws {
        reader = try #require(RedisReader())
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        let patience = timeval(tv_sec: 10, tv_usec: 0)
        withUnsafePointer(to: patience) {
            _ = setsockopt(
                descriptor, SOL_SOCKET, SO_RCVTIMEO, $0, socklen_t(MemoryLayout<timeval>.size))
        }
        let name = try #require(sockaddr_un(path: path))
        let code = withUnsafePointer(to: name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(code == 0)
    }

    deinit { Glibc.close(descriptor) }

    /// Sends commands in one go and gives the last one's reply; what a server said before it closed counts too.
    func reply(to commands: [String]...) throws -> RedisReply {
        let request = commands.flatMap { RedisCommand.bytes($0) }
        send(descriptor, request, request.count, Int32(clamping: MSG_NOSIGNAL))
        var replies: [RedisReply] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while replies.count < commands.count {
            if let reply = try reader.next() {
                replies.append(reply)
                continue
            }
            let count = read(descriptor, &buffer, buffer.count)
            guard count > 0 else { break }
            try #require(buffer[..<count].withUnsafeBytes { reader.feed($0) })
        }
        return try #require(replies.last, "the server says nothing")
    }
}
