// SPDX-License-Identifier: Apache-2.0

/// `cpu.max`: quota and period in µs, `max` where there is no quota.
/// ```
/// 50000 100000
/// ```
enum CPUMax {
    /// Puts quota (`FigureRow.unlimited` for `max`) and period into the row.
    static func parse(_ bytes: KernelBytes, into row: FigureRow) -> Int {
        var bytes = bytes
        guard let (line, isWhole) = bytes.nextLine(), isWhole else { return 1 }
        var fields = bytes.fields(line)
        // The kernel refuses a period of 0 (1 ms at least), so one that is read was never written by it.
        guard let first = fields.next(), let second = fields.next(), fields.next() == nil,
            let quota = bytes.equals(first, "max") ? FigureRow.unlimited : bytes.number(first),
            let period = bytes.number(second), period > 0
        else { return 1 }
        row[.cpuQuota] = quota
        row[.cpuPeriod] = period
        return 0
    }
}
