// SPDX-License-Identifier: Apache-2.0

import Testing

/// One text of the conformance tables, and its name.
struct ConformanceCase: Sendable, CustomTestStringConvertible {
    /// What the text shows, in the words by which the trade knows such cases.
    let name: String
    /// The text.
    let bytes: [UInt8]

    var testDescription: String { name }

    /// The cases of a table: one a line, `name|text`, where `<hh>` stands for the byte hh.
    static func table(_ lines: String) -> [ConformanceCase] {
        lines.split(separator: "\n").compactMap { line in
            guard let bar = line.firstIndex(of: "|") else { return nil }
            let text = Array(line[line.index(after: bar)...].utf8)
            return ConformanceCase(name: String(line[..<bar]), bytes: unescaped(text))
        }
    }

    private static func unescaped(_ text: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        var i = 0
        while i < text.count {
            if text[i] == UInt8(ascii: "<"), i + 3 < text.count, text[i + 3] == UInt8(ascii: ">"),
                let byte = UInt8(String(decoding: text[i + 1...i + 2], as: UTF8.self), radix: 16)
            {
                out.append(byte)
                i += 4
            } else {
                out.append(text[i])
                i += 1
            }
        }
        return out
    }
}
