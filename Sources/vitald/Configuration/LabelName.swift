// SPDX-License-Identifier: Apache-2.0

/// Names of labels, as Prometheus has them.
enum LabelName {
    /// Longer names are refused everywhere in vitald.
    static let maximumLength = 128

    /// Whether it is `[a-zA-Z_][a-zA-Z0-9_]*` and not Prometheus' own (`__…`).
    static func isAcceptable(_ name: String) -> Bool {
        let bytes = Array(name.utf8)
        guard let first = bytes.first, bytes.count <= maximumLength, !(0x30...0x39).contains(first),
            !bytes.starts(with: "__".utf8)
        else { return false }
        return bytes.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "_"): true
            default: false
            }
        }
    }
}
