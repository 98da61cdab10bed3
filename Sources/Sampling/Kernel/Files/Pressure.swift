// SPDX-License-Identifier: Apache-2.0

/// Pressure stall information (4.20, `Documentation/accounting/psi.rst`): `cpu.pressure` and its like in a cgroup,
/// `/proc/pressure/*` for the host. `total` is in µs.
/// ```
/// some avg10=87.05 avg60=72.20 avg300=26.42 total=93554597
/// full avg10=70.41 avg60=59.26 avg300=22.28 total=79761766
/// ```
/// The `full` line of cpu came with 5.13. With `psi=0` on the kernel's command line the file says EOPNOTSUPP.
struct Pressure: Hashable {
    /// Time in which some task waited, µs.
    var some: Int64?
    /// Time in which all tasks waited, µs.
    var full: Int64?
    /// Share of the last 10 s in which some task waited, in hundredths of a percent.
    var someAvg10: Int64?
    /// Lines that were not understood.
    var badLines = 0

    /// Reads the lines by their first word; unknown ones are skipped, for kernels to come.
    init(parsing bytes: KernelBytes) {
        var bytes = bytes
        while let (line, isWhole) = bytes.nextLine() {
            let isSome = bytes.starts(line, with: "some ")
            guard isSome || bytes.starts(line, with: "full ") else {
                if !isWhole { badLines += 1 }
                continue
            }
            guard isWhole, let total = Self.value(bytes, line, "total=", fraction: false) else {
                badLines += 1
                continue
            }
            if isSome {
                some = total
                someAvg10 = Self.value(bytes, line, "avg10=", fraction: true)
            } else {
                full = total
            }
        }
    }

    /// Puts the totals into two columns.
    static func parse(
        _ bytes: KernelBytes, into row: FigureRow, some: FigureColumn, full: FigureColumn
    ) -> Int {
        let pressure = Pressure(parsing: bytes)
        row[some] = pressure.some
        row[full] = pressure.full
        if some == .memoryWaiting { row[.memoryWaitingAvg10] = pressure.someAvg10 }
        return pressure.badLines
    }

    private static func value(
        _ bytes: KernelBytes, _ line: Range<Int>, _ key: StaticString, fraction: Bool
    ) -> Int64? {
        var fields = bytes.fields(line)
        while let field = fields.next() {
            guard bytes.starts(field, with: key) else { continue }
            let number = field.lowerBound + key.utf8CodeUnitCount..<field.upperBound
            if !fraction { return bytes.number(number) }
            // Always two decimals: "%lu.%02lu".
            guard let dot = bytes.firstIndex(of: UInt8(ascii: "."), in: number), number.upperBound - dot == 3,
                let whole = bytes.number(number.lowerBound..<dot), whole <= 1000,
                let hundredths = bytes.number(dot + 1..<number.upperBound)
            else { return nil }
            return whole * 100 + hundredths
        }
        return nil
    }
}
