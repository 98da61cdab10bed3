// SPDX-License-Identifier: Apache-2.0

/// A number of bytes.
package struct ByteCount: Hashable, Comparable, Sendable {
    /// The plain number.
    package var bytes: Int64

    /// Makes a count from a plain number of bytes.
    package init(_ bytes: Int64) { self.bytes = bytes }

    /// Whether the left count is smaller.
    package static func < (a: ByteCount, b: ByteCount) -> Bool { a.bytes < b.bytes }

    /// For people, in binary units with at most one decimal: `512 B`, `1.5 GiB`.
    package var text: String {
        let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
        var value = Double(bytes)
        var unit = 0
        while value.magnitude >= 1023.95, unit < units.count - 1 {
            value /= 1024
            unit += 1
        }
        if unit == 0 { return "\(bytes) B" }
        let tenths = Int64((value * 10).rounded())
        return tenths % 10 == 0
            ? "\(tenths / 10) \(units[unit])" : "\(tenths / 10).\(abs(tenths % 10)) \(units[unit])"
    }
}
