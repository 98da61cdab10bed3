// SPDX-License-Identifier: Apache-2.0

import Glibc
import Vitals

/// The size of one mounted file system, by statvfs(3).
struct FilesystemFigures {
    var mount: Mount
    var size: Int64
    var free: Int64
    var available: Int64
    var files: Int64
    var filesFree: Int64

    /// Measures a mount by its point; nil where the kernel refuses.
    init?(_ mount: Mount) {
        var status = statvfs()
        guard statvfs(mount.point, &status) == 0 else { return nil }
        self.init(mount, status)
    }

    /// Measures an open directory; nil where the kernel refuses.
    init?(_ mount: Mount, descriptor: Int32) {
        var status = statvfs()
        guard fstatvfs(descriptor, &status) == 0 else { return nil }
        self.init(mount, status)
    }

    private init(_ mount: Mount, _ status: statvfs) {
        let block = Int64(clamping: status.f_frsize)
        func bytes(_ blocks: some BinaryInteger) -> Int64 {
            let (product, overflow) = Int64(clamping: blocks).multipliedReportingOverflow(by: block)
            return overflow ? .max : product
        }
        self.mount = mount
        size = bytes(status.f_blocks)
        free = bytes(status.f_bfree)
        available = bytes(status.f_bavail)
        files = Int64(clamping: status.f_files)
        filesFree = Int64(clamping: status.f_ffree)
    }
}
