// SPDX-License-Identifier: Apache-2.0

/// `/proc/PID/limits`, readable by everybody.
/// ```
/// Limit                     Soft Limit           Hard Limit           Units
/// Max open files            1048576              1048576              files
/// Max address space         unlimited            unlimited            bytes
/// ```
struct ProcessLimits: Hashable {
    /// `Max open files`, soft; `FigureRow.unlimited` where there is none.
    var openFiles: Int64?
    /// `Max address space`, soft; `FigureRow.unlimited` where there is none.
    var addressSpace: Int64?

    init(parsing bytes: KernelBytes) {
        var bytes = bytes
        while let (line, isWhole) = bytes.nextLine() {
            guard isWhole else { continue }
            if bytes.starts(line, with: "Max open files ") {
                openFiles = Self.soft(bytes, line.lowerBound + 15..<line.upperBound)
            } else if bytes.starts(line, with: "Max address space ") {
                addressSpace = Self.soft(bytes, line.lowerBound + 18..<line.upperBound)
            }
        }
    }

    private static func soft(_ bytes: KernelBytes, _ range: Range<Int>) -> Int64? {
        var fields = bytes.fields(range)
        guard let field = fields.next() else { return nil }
        return bytes.equals(field, "unlimited") ? FigureRow.unlimited : bytes.number(field)
    }
}
