// SPDX-License-Identifier: Apache-2.0

/// Percent-encoding (RFC 3986, section 2.1).
enum PercentText {
    /// The text of a segment of a path; nil where an escape is broken or the bytes are not UTF-8.
    static func decoded(_ segment: Substring) -> String? {
        guard segment.utf8.contains(UInt8(ascii: "%")) else { return String(segment) }
        var out: [UInt8] = []
        var rest = segment.utf8
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                out.append(byte)
                continue
            }
            guard let value = value(of: rest.prefix(2)) else { return nil }
            out.append(value)
            rest = rest.dropFirst(2)
        }
        return String(validating: out, as: UTF8.self)
    }

    /// The byte that two hexadecimal digits stand for.
    static func value(of digits: Substring.UTF8View) -> UInt8? {
        guard digits.count == 2, digits.first != UInt8(ascii: "+"), digits.first != UInt8(ascii: "-") else {
            return nil
        }
        return UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
    }
}
