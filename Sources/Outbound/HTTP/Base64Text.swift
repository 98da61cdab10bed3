// SPDX-License-Identifier: Apache-2.0

/// Base64 as Basic authentication wants it (RFC 4648, 4).
enum Base64Text {
    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// The text of the bytes, padded.
    static func encode(_ bytes: [UInt8]) -> String {
        var out: [UInt8] = []
        out.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            var bits: UInt32 = 0
            for i in 0..<3 { bits = bits << 8 | (start + i < group.endIndex ? UInt32(bytes[start + i]) : 0) }
            for i in 0..<4 {
                let sextet = Int(bits >> (18 - 6 * UInt32(i)) & 63)
                out.append(i <= group.count ? alphabet[sextet] : UInt8(ascii: "="))
            }
        }
        return String(decoding: out, as: UTF8.self)
    }
}
