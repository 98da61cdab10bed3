// SPDX-License-Identifier: Apache-2.0

/// Names of systemd's units, and globs over them, as the configuration writes them.
package enum UnitName {
    /// systemd takes no longer one (UNIT_NAME_MAX).
    private static let longest = 255

    /// What to do about a text that is no name.
    package static let remedy = "Write the unit's name as systemctl shows it."

    /// Why no unit can be called so, as a predicate; nil where one can. The characters are those of systemd.unit(5)
    /// and those of globs.
    package static func problem(with text: String) -> String? {
        if text.utf8.contains(UInt8(ascii: "/")) { return "holds a slash" }
        guard text.utf8.count <= longest else { return "is longer than \(longest) bytes" }
        let isName = text.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
            default: ":-_.\\@*?[]!^".utf8.contains(byte)
            }
        }
        return isName && !text.isEmpty ? nil : "is not the name of a unit"
    }
}
