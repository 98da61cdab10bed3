// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A request in its plainest form, found without making a document of the line:
/// ```
/// {"jsonrpc":"2.0","id":1,"method":"ping"}
/// ```
/// Members in any order, blanks allowed, `params` absent or `{}`, no escapes, ASCII, an id that is a short whole
/// number or a short string or absent. Whatever is not of this form is left to the strict parser, which alone
/// decides what is wrong with it: this may say "not plain" of a good line, and never "plain" of a bad one.
struct PlainRequest {
    /// Where the id stands in the line, quotes included; empty for a notification.
    private(set) var id = 0..<0
    /// Where the method's name stands in the line, without quotes.
    private(set) var method = 0..<0

    /// Longer ids are legal, and rare enough for the strict parser.
    private static let longestPlainNumber = 18

    init?(_ line: UnsafeRawBufferPointer) {
        guard let base = line.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return nil }
        let end = line.count
        var p = 0
        var seen: UInt8 = 0

        func skipBlanks() {
            while p < end, base[p] == 0x20 || base[p] == 0x09 || base[p] == 0x0D { p += 1 }
        }
        func take(_ byte: UInt8) -> Bool {
            skipBlanks()
            guard p < end, base[p] == byte else { return false }
            p += 1
            return true
        }
        /// The contents of a string of printable ASCII without escapes.
        func text() -> Range<Int>? {
            guard take(UInt8(ascii: "\"")) else { return nil }
            let start = p
            while p < end, base[p] != UInt8(ascii: "\"") {
                guard base[p] >= 0x20, base[p] < 0x7F, base[p] != UInt8(ascii: "\\") else { return nil }
                p += 1
            }
            guard p < end else { return nil }
            p += 1
            return start..<p - 1
        }
        func number() -> Range<Int>? {
            let start = p
            if p < end, base[p] == UInt8(ascii: "-") { p += 1 }
            let digits = p
            while p < end, base[p] &- 0x30 <= 9 { p += 1 }
            let count = p - digits
            guard count > 0, count <= Self.longestPlainNumber, count == 1 || base[digits] != 0x30 else {
                return nil
            }
            return start..<p
        }

        guard take(UInt8(ascii: "{")) else { return nil }
        repeat {
            guard let key = text(), take(UInt8(ascii: ":")) else { return nil }
            skipBlanks()
            guard p < end else { return nil }
            let bit: UInt8
            switch key.count {
            case 2 where memcmp(base + key.lowerBound, "id", 2) == 0:
                bit = 1
                if base[p] == UInt8(ascii: "\"") {
                    guard let contents = text() else { return nil }
                    id = contents.lowerBound - 1..<contents.upperBound + 1
                } else {
                    guard let digits = number() else { return nil }
                    id = digits
                }
            case 6 where memcmp(base + key.lowerBound, "method", 6) == 0:
                bit = 2
                guard let name = text() else { return nil }
                method = name
            case 6 where memcmp(base + key.lowerBound, "params", 6) == 0:
                bit = 4
                guard take(UInt8(ascii: "{")), take(UInt8(ascii: "}")) else { return nil }
            case 7 where memcmp(base + key.lowerBound, "jsonrpc", 7) == 0:
                bit = 8
                guard let version = text(), version.count == 3,
                    memcmp(base + version.lowerBound, "2.0", 3) == 0
                else { return nil }
            default: return nil
            }
            guard seen & bit == 0 else { return nil }  // a second time: the strict parser refuses it
            seen |= bit
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "}")) else { return nil }
        skipBlanks()
        guard p == end, seen & 10 == 10 else { return nil }  // jsonrpc and method are a must
    }
}
