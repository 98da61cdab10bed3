// SPDX-License-Identifier: Apache-2.0

/// Text of a caller that goes back to it, or to the log, in a sentence: bounded, so that nobody can have long texts
/// written elsewhere by asking for nonsense.
package enum Echo {
    /// The most bytes of it; every name that vitald knows is shorter.
    package static let longest = 64

    /// The text, cut between two characters of UTF-8 where it is longer, with `…` in the place of the rest.
    package static func cut(_ text: String, to longest: Int = longest) -> String {
        let bytes = text.utf8
        guard bytes.count > longest else { return text }
        var end = bytes.index(bytes.startIndex, offsetBy: longest)
        // 0b10…… goes on a character that began before.
        while end > bytes.startIndex, bytes[end] & 0xC0 == 0x80 { end = bytes.index(before: end) }
        return String(text[..<end]) + "…"
    }
}
