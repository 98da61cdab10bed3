// SPDX-License-Identifier: Apache-2.0

import Vitals

/// Names of checks and tags: `[a-z0-9_.-]{1,64}`, so that they can stand in labels, paths and log fields.
enum CheckName {
    /// The most bytes of a name.
    static let maximumLength = 64

    /// Whether it is such a name.
    static func isAcceptable(_ name: String) -> Bool {
        (1...maximumLength).contains(name.utf8.count) && name.utf8.allSatisfy(isAcceptable)
    }

    /// What to do about a name that is not acceptable; where it may be quoted, with the nearest one that is.
    static func remedy(for name: String, example: String, in object: ConfigurationObject) -> String {
        let isQuoted = object.quote(name, else: "") != ""
        return "Use 1 to \(maximumLength) of a-z, 0-9, \"_\", \".\" and \"-\", for example "
            + "\"\(isQuoted ? suggestion(for: name) : example)\"."
    }

    /// The nearest acceptable name: `DataBase` becomes `database`.
    private static func suggestion(for name: String) -> String {
        let bytes = name.utf8.prefix(maximumLength).map { byte -> UInt8 in
            let lower = (0x41...0x5A).contains(byte) ? byte | 0x20 : byte
            return isAcceptable(lower) ? lower : UInt8(ascii: "_")
        }
        return bytes.isEmpty ? "database" : String(decoding: bytes, as: UTF8.self)
    }

    private static func isAcceptable(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x61...0x7A, 0x30...0x39, UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-"): true
        default: false
        }
    }
}
