// SPDX-License-Identifier: Apache-2.0

/// `/proc/PID/stat` (proc(5)): one line, times in clock ticks.
/// ```
/// 498 (sleep) S 496 498 498 0 -1 4194560 148 315 17 2 3 10 0 41 20 0 1 0 17285 2314240 0 …
/// ```
/// The name in brackets may itself hold brackets, blanks and line feeds: what counts stands behind the last `)`.
struct ProcessStat: Hashable {
    /// Ticks a second in everything that the kernel shows to users (USER_HZ), on every architecture of Linux
    /// that Swift runs on.
    static let ticksPerSecond: Int64 = 100

    /// Fields 14 and 15: CPU time in user and kernel mode, ticks.
    var userTicks: Int64
    var systemTicks: Int64
    /// Field 20.
    var threads: Int64
    /// Field 22: start, ticks since boot.
    var startTicks: Int64
    /// Field 23: virtual memory, bytes.
    var virtualBytes: Int64
    /// Field 24: resident pages.
    var residentPages: Int64

    /// Nil where the line is not what the kernel writes.
    init?(parsing bytes: KernelBytes) {
        guard let bracket = bytes.lastIndex(of: UInt8(ascii: ")"), in: 0..<bytes.count) else { return nil }
        var fields = bytes.fields(bracket + 1..<bytes.count)
        var found: [Int64?] = []
        found.reserveCapacity(22)
        // The first field behind the name is number 3.
        for _ in 3...24 {
            guard let field = fields.next() else { return nil }
            found.append(bytes.number(field))
        }
        guard let user = found[11], let system = found[12], let threads = found[17], let start = found[19],
            let virtual = found[20], let resident = found[21]
        else { return nil }
        userTicks = user
        systemTicks = system
        self.threads = threads
        startTicks = start
        virtualBytes = virtual
        residentPages = resident
    }
}
