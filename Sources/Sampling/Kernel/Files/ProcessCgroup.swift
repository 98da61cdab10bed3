// SPDX-License-Identifier: Apache-2.0

import Vitals

/// `/proc/PID/cgroup`: hierarchy 0 is cgroup2, everything else version 1.
/// ```
/// 4:memory:/process_api
/// 0::/machine.slice/libpod-003b….scope/container
/// ```
/// The path may itself hold colons; it is relative to the reader's cgroup namespace. ` (deleted)` is appended
/// while a process outlives its cgroup.
enum ProcessCgroup {
    /// The path in cgroup2; nil where the process is in none that can be seen.
    static func parse(_ bytes: KernelBytes) -> CgroupPath? {
        written(bytes).flatMap { $0.leavesNamespace ? nil : $0 }
    }

    /// The path in cgroup2 as it is written, also one that leads out of the cgroup namespace; nil where there is none.
    static func written(_ bytes: KernelBytes) -> CgroupPath? {
        var bytes = bytes
        while let (line, isWhole) = bytes.nextLine() {
            guard isWhole, bytes.starts(line, with: "0::/") else { continue }
            var path = bytes.array(line.lowerBound + 3..<line.upperBound)
            let deleted = Array(" (deleted)".utf8)
            if path.reversed().starts(with: deleted.reversed()) { path.removeLast(deleted.count) }
            return CgroupPath(path)
        }
        return nil
    }
}
