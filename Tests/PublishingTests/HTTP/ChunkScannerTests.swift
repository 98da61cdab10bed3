// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Publishing

@Suite("Where a body in chunks ends")
struct ChunkScannerTests {
    /// Feeds bytes in pieces of a size; gives how many belong to the body and how it ended.
    private func scan(_ bytes: [UInt8], by size: Int) -> (count: Int, BodyFraming.Progress) {
        var scanner = ChunkScanner()
        var count = 0
        for start in stride(from: 0, to: bytes.count, by: size) {
            let piece = bytes[start..<min(start + size, bytes.count)]
            let (taken, progress) = Array(piece).withUnsafeBytes { scanner.take($0) }
            count += taken
            if progress != .more { return (count, progress) }
        }
        return (count, .more)
    }

    @Test("wherever the bytes are cut, the body ends behind its last chunk")
    func everyCut() {
        let body = Array("4\r\nWiki\r\n6;name=\"v\"\r\npedia \r\nE\r\nin \r\n\r\nchunks.\r\n0\r\n\r\n".utf8)
        let behind = Array("GET / HTTP/1.1\r\n\r\n".utf8)

        for size in 1...body.count + behind.count {
            let (count, progress) = scan(body + behind, by: size)
            #expect(count == body.count && progress == .whole, "in pieces of \(size)")
        }
        for length in 0..<body.count {
            #expect(scan(Array(body[..<length]), by: 7).1 == .more, "the first \(length)")
        }
    }

    @Test("the same bytes are refused wherever they are cut")
    func everyFault() {
        for text in [
            "5\r\nhello0\r\n\r\n", "5;\u{1}\r\n", "5\r\nhello\r\n0\r\nX: y\r\n\r\n", "123456789\r\n",
        ] {
            let bytes = Array(text.utf8)
            for size in 1...bytes.count {
                guard case .malformed = scan(bytes, by: size).1 else {
                    Issue.record("\(text) in pieces of \(size)")
                    continue
                }
            }
        }
    }

    @Test("framing may not outgrow the data: extensions without end are refused, one-byte chunks are not")
    func overhead() {
        let tiny = Array((String(repeating: "1\r\nx\r\n", count: 4000) + "0\r\n\r\n").utf8)
        #expect(scan(tiny, by: 1000).1 == .whole)

        let endless = Array(("1;" + String(repeating: "x", count: 20_000)).utf8)
        guard case .malformed = scan(endless, by: 1000).1 else {
            Issue.record("an extension of 20,000 bytes")
            return
        }
        let many = Array(
            String(repeating: "1;\(String(repeating: "x", count: 60))\r\nx\r\n", count: 1000).utf8)
        guard case .malformed = scan(many, by: 1000).1 else {
            Issue.record("a thousand extensions")
            return
        }
    }
}
