// SPDX-License-Identifier: Apache-2.0

/// How the kernel writes a path into one field of a line: space, tab, line feed and backslash as `\040`, `\011`,
/// `\012`, `\134` (seq_path, mangle_path).
enum MountText {
    /// The path of a field.
    static func unescape(_ field: ArraySlice<UInt8>) -> String {
        guard field.contains(UInt8(ascii: "\\")) else { return String(decoding: field, as: UTF8.self) }
        var out: [UInt8] = []
        out.reserveCapacity(field.count)
        var i = field.startIndex
        while i < field.endIndex {
            if field[i] == UInt8(ascii: "\\"), let byte = octal(field[(i + 1)...].prefix(3)) {
                out.append(byte)
                i += 4
            } else {
                out.append(field[i])
                i += 1
            }
        }
        return String(decoding: out, as: UTF8.self)
    }

    /// The field of a path; `unescape` gives the path back.
    static func escape(_ path: String) -> [UInt8] {
        var out: [UInt8] = []
        for byte in path.utf8 {
            if byte > 0x20, byte != UInt8(ascii: "\\"), byte != 0x7F {
                out.append(byte)
            } else {
                out.append(UInt8(ascii: "\\"))
                out.append(UInt8(ascii: "0") + (byte >> 6))
                out.append(UInt8(ascii: "0") + (byte >> 3 & 7))
                out.append(UInt8(ascii: "0") + (byte & 7))
            }
        }
        return out
    }

    private static func octal(_ digits: ArraySlice<UInt8>) -> UInt8? {
        guard digits.count == 3 else { return nil }
        var value = 0
        for digit in digits {
            guard digit >= UInt8(ascii: "0"), digit <= UInt8(ascii: "7") else { return nil }
            value = value * 8 + Int(digit - UInt8(ascii: "0"))
        }
        return UInt8(exactly: value)
    }
}
