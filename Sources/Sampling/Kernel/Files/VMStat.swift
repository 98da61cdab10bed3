// SPDX-License-Identifier: Apache-2.0

/// `/proc/vmstat`, of which one line is wanted.
/// ```
/// oom_kill 1
/// ```
/// Since 4.13.
enum VMStat {
    /// How many processes the OOM killer has killed since boot.
    static func oomKills(_ bytes: KernelBytes) -> Int64? {
        var bytes = bytes
        while let (line, isWhole) = bytes.nextLine() {
            guard isWhole, bytes.starts(line, with: "oom_kill ") else { continue }
            return bytes.number(line.lowerBound + 9..<line.upperBound)
        }
        return nil
    }
}
