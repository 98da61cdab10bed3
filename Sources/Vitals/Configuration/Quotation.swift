// SPDX-License-Identifier: Apache-2.0

/// Foreign text inside a sentence: in quotes, on one line, of bounded length.
package enum Quotation {
    /// Longer texts are cut, with `…` in the quotes; a sentence must stay one.
    package static let maximumLength = 80

    /// The text in double quotes; control characters and the marks that reverse the direction of writing are
    /// written as escapes, so that a value can neither end the line of a log nor disguise itself.
    package static func quote(_ text: String) -> String {
        var out = "\""
        var length = 0
        for scalar in text.unicodeScalars {
            guard length < maximumLength else {
                out += "…"
                break
            }
            length += 1
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
