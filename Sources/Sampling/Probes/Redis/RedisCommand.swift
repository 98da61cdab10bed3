// SPDX-License-Identifier: Apache-2.0

import CHiredis
import Glibc

/// The bytes of one command, as they go to the server.
enum RedisCommand {
    /// Formats a command; its words may hold anything.
    static func bytes(_ words: [String]) -> [UInt8] {
        let copies = words.map { strdup($0) }
        defer {
            for copy in copies {
                // One of them may be a password.
                if let copy { explicit_bzero(copy, strlen(copy)) }
                free(copy)
            }
        }
        var pointers = copies.map { UnsafePointer<CChar>($0) }
        let lengths = words.map(\.utf8.count)
        var text: UnsafeMutablePointer<CChar>?
        let count = redisFormatCommandArgv(&text, Int32(clamping: words.count), &pointers, lengths)
        guard count > 0, let text else { return [] }
        defer {
            explicit_bzero(text, Int(count))
            redisFreeCommand(text)
        }
        return [UInt8](UnsafeRawBufferPointer(start: text, count: Int(count)))
    }

    /// Commands after which a connection no longer answers once per question, or that end the server.
    static let refused: Set<String> = [
        "SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE", "MONITOR", "SYNC", "PSYNC", "HELLO", "QUIT", "RESET",
        "MULTI",
        "SELECT", "AUTH", "SHUTDOWN", "REPLCONF",
    ]
}
