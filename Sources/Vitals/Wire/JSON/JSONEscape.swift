// SPDX-License-Identifier: Apache-2.0

/// Strings between their JSON spelling and their text.
enum JSONEscape {
    /// The bytes of the text of a string's contents; the parser has proven that every escape is well formed.
    static func decode(_ contents: ArraySlice<UInt8>) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(contents.count)
        var i = contents.startIndex
        while i < contents.endIndex {
            let byte = contents[i]
            guard byte == UInt8(ascii: "\\") else {
                out.append(byte)
                i += 1
                continue
            }
            let escape = contents[i + 1]
            i += 2
            switch escape {
            case UInt8(ascii: "b"): out.append(0x08)
            case UInt8(ascii: "f"): out.append(0x0C)
            case UInt8(ascii: "n"): out.append(0x0A)
            case UInt8(ascii: "r"): out.append(0x0D)
            case UInt8(ascii: "t"): out.append(0x09)
            case UInt8(ascii: "u"):
                var unit = hex(contents, at: i)
                i += 4
                if unit & 0xFC00 == 0xD800 {  // a high surrogate: the low one follows as \uXXXX
                    let low = hex(contents, at: i + 2)
                    i += 6
                    unit = 0x10000 + ((unit & 0x3FF) << 10) + (low & 0x3FF)
                }
                if let scalar = Unicode.Scalar(unit) {
                    out.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
                }
            default: out.append(escape)  // `"`, `\` and `/` stand for themselves
            }
        }
        return out
    }

    /// The number of four hexadecimal digits; nil-free because the parser has checked them.
    static func hex(_ bytes: ArraySlice<UInt8>, at start: Int) -> UInt32 {
        var value: UInt32 = 0
        for i in start..<start + 4 { value = value << 4 | UInt32(digit(bytes[i]) ?? 0) }
        return value
    }

    /// The value of one hexadecimal digit.
    static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
