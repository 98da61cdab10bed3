// SPDX-License-Identifier: Apache-2.0

/// Files of one number, where `max` means that there is no limit: memory.current, memory.peak (5.19),
/// memory.max, memory.high, memory.low, memory.swap.current, memory.swap.max, pids.current, pids.max, cpu.weight.
/// ```
/// 67108864
/// ```
enum SingleNumber {
    /// The number, `FigureRow.unlimited` for `max`, nil for anything else.
    static func parse(_ bytes: KernelBytes) -> Int64? {
        var bytes = bytes
        guard let (line, isWhole) = bytes.nextLine(), isWhole, bytes.isAtEnd else { return nil }
        if bytes.equals(line, "max") { return FigureRow.unlimited }
        return bytes.number(line)
    }

    /// Puts the number into a column; returns how many lines were not understood.
    static func parse(_ bytes: KernelBytes, into row: FigureRow, _ column: FigureColumn) -> Int {
        guard let value = parse(bytes) else { return 1 }
        row[column] = value
        return 0
    }
}
