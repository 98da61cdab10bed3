// SPDX-License-Identifier: Apache-2.0

/// References to the environment, `${NAME}`, in texts of the configuration. A reference is no secret: what it stands
/// for may be one.
package enum References {
    /// Whether the bytes are made of references and nothing else.
    package static func isAll(_ bytes: some Collection<UInt8>) -> Bool {
        var rest = Array(bytes)[...]
        guard !rest.isEmpty else { return false }
        while !rest.isEmpty {
            guard let end = end(ofReferenceAt: rest.startIndex, in: rest) else { return false }
            rest = rest[end...]
        }
        return true
    }

    /// Whether a reference stands anywhere in these bytes.
    package static func isAny(in bytes: some Collection<UInt8>) -> Bool {
        let bytes = Array(bytes)
        return bytes.indices.contains { end(ofReferenceAt: $0, in: bytes[...]) != nil }
    }

    /// Where the reference that begins at `start` ends; nil where none begins there. Its name is one that a shell
    /// knows too: a text in braces that is not, such as half a password, is no reference.
    package static func end(ofReferenceAt start: Int, in bytes: ArraySlice<UInt8>) -> Int? {
        guard bytes[start...].starts(with: "${".utf8) else { return nil }
        guard let close = bytes[start...].firstIndex(of: UInt8(ascii: "}")),
            isName(bytes[(start + 2)..<close])
        else { return nil }
        return close + 1
    }

    /// Whether it is the name of a variable: letters, digits and `_`, no digit first.
    package static func isName(_ bytes: some Collection<UInt8>) -> Bool {
        guard let first = bytes.first, !(0x30...0x39).contains(first) else { return false }
        return bytes.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "_"): true
            default: false
            }
        }
    }
}
