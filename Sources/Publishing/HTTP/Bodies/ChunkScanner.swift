// SPDX-License-Identifier: Apache-2.0

/// Finds the end of a body in chunks (RFC 9112, section 7.1), more strictly than the decoder behind it.
///
/// ```
/// 1f\r\n
/// …31 bytes…\r\n
/// 0\r\n
/// \r\n
/// ```
/// Extensions of a chunk are skipped as far as they stay short; trailer fields are refused.
struct ChunkScanner: Equatable {
    /// Hexadecimal digits of a chunk's length: 4 GiB, far beyond every bound.
    private static let mostDigits = 8
    /// Bytes of framing beyond 16 for each chunk and twice its data: what extensions may come to.
    private static let mostOverhead = 16_384

    private enum Place {
        case size
        case `extension`
        case sizeFeed
        case data
        case dataReturn
        case dataFeed
        case lastReturn
        case lastFeed
        case end
    }

    private var place = Place.size
    private var digits = 0
    /// Bytes of the chunk that are still to come.
    private var left = 0
    private var overhead = 0

    /// Looks at bytes that come next; gives how many of them belong to the body.
    mutating func take(_ bytes: UnsafeRawBufferPointer) -> (count: Int, BodyFraming.Progress) {
        var at = 0
        while at < bytes.count {
            if place == .data {
                let count = min(left, bytes.count - at)
                at += count
                left -= count
                if left == 0 { place = .dataReturn }
                continue
            }
            if let sentence = step(bytes[at]) { return (at, .malformed(sentence)) }
            at += 1
            if place == .end { return (at, .whole) }
        }
        return (at, .more)
    }

    /// Takes one byte of the framing; the sentence says what is wrong with it.
    private mutating func step(_ byte: UInt8) -> String? {
        overhead += 1
        guard overhead <= Self.mostOverhead else { return "the chunks hold more framing than data." }
        switch (place, byte) {
        case (.size, 0x0D) where digits > 0: place = .sizeFeed
        case (.size, UInt8(ascii: ";")) where digits > 0: place = .extension
        case (.size, _):
            guard let digit = Self.digit(byte) else { return "a chunk does not begin with its length." }
            digits += 1
            guard digits <= Self.mostDigits else { return "a chunk's length has too many digits." }
            left = left << 4 | digit
        case (.extension, 0x0D): place = .sizeFeed
        case (.extension, 0x09), (.extension, 0x20...0x7E), (.extension, 0x80...): break
        case (.extension, _): return "a control character stands in a chunk's extension."
        case (.sizeFeed, 0x0A):
            overhead -= min(overhead, 16 + 2 * left)
            place = left == 0 ? .lastReturn : .data
        case (.dataReturn, 0x0D): place = .dataFeed
        case (.dataFeed, 0x0A):
            place = .size
            digits = 0
        case (.lastReturn, 0x0D): place = .lastFeed
        case (.lastFeed, 0x0A): place = .end
        case (.lastReturn, _): return "fields behind the last chunk are not taken."
        case (.dataReturn, _), (.dataFeed, _): return "a chunk is longer than its length."
        case (.sizeFeed, _), (.lastFeed, _), (.data, _), (.end, _):
            return "a chunk's line does not end in CR LF."
        }
        return nil
    }

    private static func digit(_ byte: UInt8) -> Int? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): Int(byte - UInt8(ascii: "a")) + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): Int(byte - UInt8(ascii: "A")) + 10
        default: nil
        }
    }
}
