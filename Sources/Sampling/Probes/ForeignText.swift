// SPDX-License-Identifier: Apache-2.0

/// Text that a server said of itself, on its way into facts and labels: whoever answers there may be anybody.
enum ForeignText {
    /// More bytes are not shown; no name and no version is as long.
    static let longest = 256

    /// The text of these bytes, cut at `longest`; every control character and what is not UTF-8 becomes U+FFFD.
    static func shown(_ bytes: some Collection<UInt8>) -> String {
        let text = String(decoding: bytes.prefix(longest), as: UTF8.self)
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.map { isControl($0) ? "\u{FFFD}" : $0 }))
    }

    /// The categories Cc of Unicode, and what ends a line or turns its direction.
    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0, 0x2028...0x202E, 0x2066...0x2069: true
        default: false
        }
    }
}
