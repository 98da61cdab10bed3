// SPDX-License-Identifier: Apache-2.0

/// `/proc/loadavg`.
/// ```
/// 1.77 1.07 0.49 2/85 1702
/// ```
struct LoadAverage: Hashable {
    /// Over 1, 5 and 15 minutes, in hundredths.
    var hundredths: [Int64]

    /// Nil where the line is not what the kernel writes.
    init?(parsing bytes: KernelBytes) {
        var bytes = bytes
        guard let (line, isWhole) = bytes.nextLine(), isWhole else { return nil }
        var fields = bytes.fields(line)
        hundredths = []
        for _ in 0..<3 {
            guard let field = fields.next(), let dot = bytes.firstIndex(of: UInt8(ascii: "."), in: field),
                field.upperBound - dot == 3, let whole = bytes.number(field.lowerBound..<dot),
                let part = bytes.number(dot + 1..<field.upperBound), whole < 1 << 40
            else { return nil }
            hundredths.append(whole * 100 + part)
        }
    }
}
