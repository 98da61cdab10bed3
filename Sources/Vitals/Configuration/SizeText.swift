// SPDX-License-Identifier: Apache-2.0

/// Sizes as the configuration writes them: `64MiB` (binary), `1GB` (decimal), `512B`.
package enum SizeText {
    /// Longest suffix first, so that `KiB` is not taken for a `B`.
    private static let units: [(suffix: StaticString, bytes: Int64)] = [
        ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40), ("kB", 1000), ("KB", 1000),
        ("MB", 1_000_000), ("GB", 1_000_000_000), ("TB", 1_000_000_000_000), ("B", 1),
    ]

    /// The size of a text; nil where it is none, or does not fit.
    package static func parse(_ text: String) -> ByteCount? {
        let bytes = Array(text.utf8)
        for unit in units where bytes.hasSuffix(unit.suffix) {
            let digits = bytes.dropLast(unit.suffix.utf8CodeUnitCount)
            return ScaledDecimal.parse(digits, unit: unit.bytes).map { ByteCount($0) }
        }
        return nil
    }

    /// A short text that `parse` reads back as this very size: the largest unit of which it is a whole number.
    package static func render(_ size: ByteCount) -> String {
        guard size.bytes != 0 else { return "0B" }
        var best = "\(size.bytes)B"
        for unit in units where size.bytes % unit.bytes == 0 {
            let text = "\(size.bytes / unit.bytes)\(unit.suffix)"
            // A tie goes to the unit named first, the binary one.
            if text.utf8.count < best.utf8.count { best = text }
        }
        return best
    }
}
