// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// The answers to connections beyond a limit: 503, one sentence, and the end.
enum ConnectionRefusal {
    /// All connections of this kind are taken.
    static let full = answer("too many connections. Try again later.")
    /// The daemon is shutting down.
    static let draining = answer("vitald is shutting down. Try again later.")
    /// No descriptors are left for clients.
    static let descriptors = answer("no descriptors are free for clients. Try again later.")
    /// The kernel names nobody at the other end of a Unix socket.
    static let unknown = answer("the kernel does not say which user you are (SO_PEERCRED).")

    /// A user has its share of the Unix socket.
    static func user(_ share: Int) -> ByteBuffer {
        answer("your user holds \(share) connections already. Close some, or send more requests over one.")
    }

    /// A user opens connections too fast.
    static let rate = answer("your user opens connections too fast. Send more requests over one.")

    private static func answer(_ sentence: String) -> ByteBuffer {
        let body = "503: \(sentence)\n"
        return ByteBuffer(
            string: """
                HTTP/1.1 503 Service Unavailable\r
                Content-Type: text/plain; charset=utf-8\r
                Content-Length: \(body.utf8.count)\r
                Retry-After: 1\r
                Connection: close\r
                \r
                \(body)
                """)
    }
}
