// SPDX-License-Identifier: Apache-2.0

/// `cgroup.procs`: the processes of this cgroup alone, one pid a line, in no order that means anything.
/// ```
/// 498
/// 508
/// ```
/// 0 stands for a process outside of the reader's pid namespace: it counts, but has no /proc of its own here.
struct CgroupProcs: Hashable {
    /// How many processes.
    var count: Int64 = 0
    /// The first pid that can be looked at; 0 for none.
    var first: Int32 = 0
    /// Lines that were not understood.
    var badLines = 0

    init() {}

    /// Reads the list; `visit` gets every pid that can be looked at.
    init(parsing bytes: KernelBytes, visit: (Int32) -> Void = { _ in }) {
        var bytes = bytes
        while let (line, isWhole) = bytes.nextLine() {
            guard isWhole, let number = bytes.number(line), let pid = Int32(exactly: number) else {
                badLines += 1
                continue
            }
            count += 1
            guard pid > 0 else { continue }
            if first == 0 { first = pid }
            visit(pid)
        }
    }
}
