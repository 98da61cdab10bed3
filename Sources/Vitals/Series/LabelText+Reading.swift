// SPDX-License-Identifier: Apache-2.0

extension LabelText {
    /// The pairs of a text that `append` has written: `id="/x",name="y"`. Stops at what it cannot have written.
    package static func pairs(of text: ArraySlice<UInt8>) -> [(name: String, value: String)] {
        var pairs: [(name: String, value: String)] = []
        var i = text.startIndex
        while i < text.endIndex {
            guard let equals = text[i...].firstIndex(of: UInt8(ascii: "=")), equals + 1 < text.endIndex,
                text[equals + 1] == UInt8(ascii: "\"")
            else { break }
            let name = String(decoding: text[i..<equals], as: UTF8.self)
            var value: [UInt8] = []
            i = equals + 2
            while i < text.endIndex, text[i] != UInt8(ascii: "\"") {
                if text[i] == UInt8(ascii: "\\"), i + 1 < text.endIndex {
                    i += 1
                    value.append(text[i] == UInt8(ascii: "n") ? UInt8(ascii: "\n") : text[i])
                } else {
                    value.append(text[i])
                }
                i += 1
            }
            pairs.append((name, String(decoding: value, as: UTF8.self)))
            i += 2  // the closing quote and the comma behind it
        }
        return pairs
    }
}
