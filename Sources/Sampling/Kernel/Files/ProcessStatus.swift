// SPDX-License-Identifier: Apache-2.0

/// `/proc/PID/status` (proc(5)), as far as it tells whose processes a process may look at.
/// ```
/// Gid:	997	997	997	997
/// Groups:	4 997
/// CapEff:	0000000000080000
/// ```
struct ProcessStatus: Hashable {
    /// The group by which files are judged (the fourth of `Gid`) and the supplementary ones.
    var groups: Set<Int64> = []
    /// Effective capabilities, one bit each.
    var capabilities: UInt64 = 0

    /// `CAP_SYS_PTRACE`, which opens the processes of other users.
    private static let tracing: UInt64 = 1 << 19

    /// Whether no `hidepid=` hides a process from it.
    var maySeeAll: Bool { capabilities & Self.tracing != 0 }

    init(parsing bytes: KernelBytes) {
        var bytes = bytes
        while let (line, isWhole) = bytes.nextLine() {
            guard isWhole else { continue }
            if bytes.starts(line, with: "Gid:") {
                var fields = bytes.fields(line.lowerBound + 4..<line.upperBound)
                for _ in 0..<3 { _ = fields.next() }
                if let field = fields.next(), let group = bytes.number(field) { groups.insert(group) }
            } else if bytes.starts(line, with: "Groups:") {
                var fields = bytes.fields(line.lowerBound + 7..<line.upperBound)
                while let field = fields.next() {
                    if let group = bytes.number(field) { groups.insert(group) }
                }
            } else if bytes.starts(line, with: "CapEff:") {
                var fields = bytes.fields(line.lowerBound + 7..<line.upperBound)
                guard let field = fields.next() else { continue }
                capabilities = UInt64(bytes.text(field), radix: 16) ?? 0
            }
        }
    }
}
