// SPDX-License-Identifier: Apache-2.0

import Testing
import Vitals

@testable import Sampling

@Suite("Redis: the reader")
struct RedisReaderTests {
    private func feed(_ reader: RedisReader, _ text: String) -> Bool {
        Array(text.utf8).withUnsafeBytes { reader.feed($0) }
    }

    @Test("a long line is found wherever it is cut", arguments: [1, 2, 1023, 1024, 1025, 4096, 5001, 5002])
    func pieces(_ size: Int) throws {
        let reader = try #require(RedisReader())
        let line = String(repeating: "x", count: 5000)
        let bytes = Array("+\(line)\r\n+next\r\n".utf8)
        var replies: [RedisReply] = []

        for start in stride(from: 0, to: bytes.count, by: size) {
            let piece = bytes[start..<min(start + size, bytes.count)]
            #expect(piece.withUnsafeBytes { reader.feed($0) })
            while let reply = try reader.next() { replies.append(reply) }
        }

        #expect(replies == [.status(line), .status("next")])
        #expect(reader.isEmpty)
    }

    @Test("an unfinished line is not searched again for each byte", arguments: ["x", "\n", "\r"])
    func endless(_ byte: String) throws {
        let reader = try #require(RedisReader())
        let time = ShiftableTime()
        let started = time.now
        #expect(feed(reader, "+" + String(repeating: "x", count: 500_000)))
        #expect(try reader.next() == nil)

        for _ in 0..<50_000 {
            #expect(feed(reader, byte))
            #expect(try reader.next() == nil)
        }

        // Searched for each, these are 25 GB: more than a quarter of a minute.
        #expect(time.now - started < .seconds(5))
        #expect(!reader.isEmpty)
    }
}
