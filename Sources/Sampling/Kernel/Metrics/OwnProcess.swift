// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// vitald's own process, as Prometheus clients show theirs.
struct OwnProcess {
    var stat: ProcessStat
    var openDescriptors: Int64?
    var limits: ProcessLimits?

    /// `PROC_SUPER_MAGIC`
    private static let procMagic: Int64 = 0x9fa0

    init(stat: ProcessStat, roots: KernelRoots, reader: KernelReader) {
        self.stat = stat
        if case .bytes(let bytes) = reader.read(path: roots.proc("self/limits"), streamed: false) {
            limits = ProcessLimits(parsing: bytes)
        }
        openDescriptors = Self.descriptors(roots.proc("self/fd"))
    }

    /// Since 6.2 the size of /proc/PID/fd is the number of descriptors; before, and in a captured tree, they are
    /// counted.
    private static func descriptors(_ path: String) -> Int64? {
        guard let stream = opendir(path) else { return nil }
        defer { closedir(stream) }
        let isProcfs = clinux_filesystem_magic(dirfd(stream)) == procMagic
        var status = Glibc.stat()
        if isProcfs, fstat(dirfd(stream), &status) == 0, status.st_size > 0 {
            // The listing's own descriptor is one of them.
            return Int64(status.st_size) - 1
        }
        var count: Int64 = 0
        while let entry = readdir(stream) {
            if entry.pointee.d_name.0 != CChar(bitPattern: UInt8(ascii: ".")) { count += 1 }
        }
        return isProcfs ? max(0, count - 1) : count
    }
}
