// SPDX-License-Identifier: Apache-2.0

/// Writes labels as both exposition formats want them: `name="value"`, joined by commas, without braces.
///
/// Only `\`, `"` and the line feed are escaped; every other escape makes promtool refuse the whole page.
/// Bytes that are not UTF-8 must have been repaired before (`String(decoding:as:)` does).
package enum LabelText {
    /// Appends one pair, with a comma before it unless `first`.
    package static func append(_ name: String, _ value: String, first: Bool, to bytes: inout [UInt8]) {
        if !first { bytes.append(UInt8(ascii: ",")) }
        bytes.append(contentsOf: name.utf8)
        bytes.append(UInt8(ascii: "="))
        bytes.append(UInt8(ascii: "\""))
        for byte in value.utf8 {
            switch byte {
            case UInt8(ascii: "\\"), UInt8(ascii: "\""):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case UInt8(ascii: "\n"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(UInt8(ascii: "n"))
            case UInt8(ascii: "\r"):
                // A bare CR is legal inside a label value, and splits the page in careless readers.
                bytes.append(UInt8(ascii: " "))
            default:
                bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
