// SPDX-License-Identifier: Apache-2.0

/// `/proc/meminfo`; "kB" means KiB.
/// ```
/// MemTotal:        2989832 kB
/// MemAvailable:    2698496 kB
/// HugePages_Total:       0
/// ```
/// `MemAvailable` since 3.14.
struct MemInfo: Hashable {
    var total: Int64?
    var free: Int64?
    var available: Int64?
    var buffers: Int64?
    var cached: Int64?
    var swapTotal: Int64?
    var swapFree: Int64?

    /// Reads the seven that are wanted, in bytes.
    init(parsing bytes: KernelBytes) {
        var bytes = bytes
        while let (line, isWhole) = bytes.nextLine() {
            guard isWhole, let colon = bytes.firstIndex(of: UInt8(ascii: ":"), in: line) else { continue }
            let key = line.lowerBound..<colon
            var fields = bytes.fields(colon + 1..<line.upperBound)
            guard let field = fields.next(), let number = bytes.number(field),
                let unit = fields.next(), bytes.equals(unit, "kB")
            else { continue }
            let (value, overflow) = number.multipliedReportingOverflow(by: 1024)
            if !overflow { take(value, bytes, key) }
        }
    }

    init() {}

    private mutating func take(_ value: Int64, _ bytes: KernelBytes, _ key: Range<Int>) {
        if bytes.equals(key, "MemTotal") { total = value }
        if bytes.equals(key, "MemFree") { free = value }
        if bytes.equals(key, "MemAvailable") { available = value }
        if bytes.equals(key, "Buffers") { buffers = value }
        if bytes.equals(key, "Cached") { cached = value }
        if bytes.equals(key, "SwapTotal") { swapTotal = value }
        if bytes.equals(key, "SwapFree") { swapFree = value }
    }
}
