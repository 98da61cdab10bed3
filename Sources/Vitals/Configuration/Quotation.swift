// SPDX-License-Identifier: Apache-2.0

/// Foreign text inside a sentence: in quotes, on one line, and only where it cannot be a secret that somebody put in
/// the wrong place.
///
/// Every sentence about a value asks here. What may not be quoted is replaced by words that stand for it; the place of
/// the value (a key, a line, a flag) is named beside it in any case.
package enum Quotation {
    /// No name, word or number of a configuration is longer, in bytes; tokens and keys are.
    package static let maximumLength = 64

    /// What stands for a value that is not quoted.
    package static let substitute = "the value"

    /// Whether a value may be quoted: it is short and holds no blank, no `@`, no `=` and no `://`, of which URLs,
    /// connection strings, headers, PEM blocks and sentences have at least one.
    package static func mayQuote(_ text: String) -> Bool {
        guard text.utf8.count <= maximumLength else { return false }
        if text.utf8.contains(where: { $0 == UInt8(ascii: "@") || $0 == UInt8(ascii: "=") }) { return false }
        if text.unicodeScalars.contains(where: isBlank) { return false }
        let bytes = Array(text.utf8)
        // What is no name in `${…}` is no reference either, and may be half a password.
        let isOpen = bytes.indices.contains {
            bytes[$0...].starts(with: "${".utf8) && References.end(ofReferenceAt: $0, in: bytes[...]) == nil
        }
        // The one URL of vitald without two slashes.
        return !isOpen && !bytes.holds("://") && !bytes.starts(with: "unix:/".utf8)
    }

    /// Whether a key may be quoted: keys are letters, digits, `_`, `-`, `.` and brackets. Another one may be a whole
    /// header, or a name with its password.
    package static func mayQuote(key: String) -> Bool {
        mayQuote(key)
            && key.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
                default: "_-.[]".utf8.contains(byte)
                }
            }
    }

    /// The value in double quotes where it may be quoted, else `words`. Control characters and the marks that reverse
    /// the direction of writing are escaped, so that a value cannot disguise itself.
    package static func quote(_ text: String, else words: String = substitute) -> String {
        mayQuote(text) ? escaped(text) : words
    }

    /// The path in double quotes where it may be quoted, else `words`.
    package static func quote(
        path: String, else words: String = "the file", exists: (_ path: String) -> Bool
    ) -> String {
        isKnown(path: path, exists: exists) ? escaped(path) : words
    }

    /// The path at the head of a sentence, where it may be quoted: without quotes unless something in it has to be
    /// escaped; else `words`.
    package static func bare(
        path: String, else words: String, exists: (_ path: String) -> Bool
    ) -> String {
        guard isKnown(path: path, exists: exists) else { return words }
        let quoted = escaped(path)
        return quoted.utf8.count == path.utf8.count + 2 ? path : quoted
    }

    /// Whether a path may be quoted, the one rule for all of them: it exists, or it is absolute and its directory
    /// exists. A secret that was written in the place of a path names neither. `/` itself proves nothing: a secret may
    /// begin with a slash.
    package static func isKnown(path: String, exists: (_ path: String) -> Bool) -> Bool {
        guard !path.isEmpty, path.utf8.count <= longestPath else { return false }
        if exists(path) { return true }
        guard path.utf8.first == UInt8(ascii: "/"), let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")),
            slash > path.startIndex
        else {
            return false
        }
        return exists(String(path[..<slash]))
    }

    /// A sentence must stay one; longer paths are left out.
    private static let longestPath = 512

    /// The text in double quotes, whatever it is.
    private static func escaped(_ text: String) -> String {
        var out = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": out += #"\n"#
            case "\r": out += #"\r"#
            case "\t": out += #"\t"#
            case "\"": out += #"\""#
            case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{2028}"..."\u{202E}", "\u{2066}"..."\u{2069}":
                out += #"\u{"# + String(scalar.value, radix: 16) + "}"
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out + "\""
    }

    /// White space as Unicode has it.
    private static func isBlank(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "\u{9}"..."\u{D}", " ", "\u{85}", "\u{A0}", "\u{1680}", "\u{2000}"..."\u{200A}", "\u{2028}",
            "\u{2029}", "\u{202F}", "\u{205F}", "\u{3000}":
            true
        default: false
        }
    }

    /// The text without blanks at its ends, which nobody sees and nobody means.
    package static func trimmed(_ text: String) -> String {
        guard let first = text.unicodeScalars.firstIndex(where: { !isBlank($0) }),
            let last = text.unicodeScalars.lastIndex(where: { !isBlank($0) })
        else { return "" }
        return String(text.unicodeScalars[first...last])
    }

    /// The text as a shell takes it for one word: in single quotes where it holds anything that means something there.
    package static func shell(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                || "/._-+,:=@%".utf8.contains(byte)
        }
        if isPlain, !text.isEmpty { return text }
        return "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#)
            + "'"
    }
}

extension Collection<UInt8> {
    /// Whether the bytes of a word stand somewhere in these.
    func holds(_ word: StaticString) -> Bool { firstIndex(of: word) != nil }

    /// Where the bytes of a word first stand in these.
    func firstIndex(of word: StaticString) -> Index? {
        word.withUTF8Buffer { word in
            indices.first { self[$0...].starts(with: word) }
        }
    }
}
