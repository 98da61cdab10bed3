// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What statvfs(3) says of a file system: sizes in bytes and inodes.
struct FilesystemSize: Hashable, Sendable {
    /// All of it, bytes; 0 on file systems that have no size (proc, cgroup).
    let total: UInt64
    /// What an ordinary user may still fill (f_bavail), bytes: without the blocks reserved for root.
    let available: UInt64
    /// All inodes; 0 where they are made on demand (btrfs, vfat, many network file systems).
    let inodes: UInt64
    /// Free inodes.
    let freeInodes: UInt64

    /// Makes a size from the fields of `struct statvfs`.
    init(unit: UInt64, blocks: UInt64, available: UInt64, files: UInt64, freeFiles: UInt64) {
        total = Self.product(blocks, unit)
        // Some servers count the reserve as negative space, which arrives as a number near 2^64.
        self.available = available > UInt64(Int64.max) ? 0 : min(Self.product(available, unit), total)
        inodes = files
        freeInodes = freeFiles > UInt64(Int64.max) ? 0 : min(freeFiles, files)
    }

    /// Asks the kernel; may hang for ever where the path is not on a local file system.
    init(of path: String) throws(SystemError) {
        var answer = statvfs()
        while statvfs(path, &answer) != 0 {
            let code = errno
            guard code == EINTR else { throw SystemError(code) }
        }
        // f_frsize is the unit of the block counts; some file systems leave it 0 and mean f_bsize.
        let unit = answer.f_frsize == 0 ? UInt64(answer.f_bsize) : UInt64(answer.f_frsize)
        self.init(
            unit: unit, blocks: UInt64(answer.f_blocks), available: UInt64(answer.f_bavail),
            files: UInt64(answer.f_files), freeFiles: UInt64(answer.f_ffree))
    }

    /// Available space as `shutil.disk_usage` has it: of the whole size; nil without a size.
    var freePercent: Double? { total == 0 ? nil : Double(available) / Double(total) * 100 }

    /// Free inodes of all; nil where inodes are not counted.
    var freeInodesPercent: Double? { inodes == 0 ? nil : Double(freeInodes) / Double(inodes) * 100 }

    private static func product(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let (result, overflow) = a.multipliedReportingOverflow(by: b)
        return overflow ? .max : result
    }
}

/// A failed system call, by its errno.
struct SystemError: Error, Hashable, Sendable {
    /// The errno.
    let code: Int32

    /// Wraps an errno.
    init(_ code: Int32) { self.code = code }

    /// The kernel's words in English: `No such file or directory`.
    var text: String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 128) { buffer in
            // The POSIX form: fills the buffer, 0 on success.
            guard let base = buffer.baseAddress, strerror_r(code, base, buffer.count) == 0 else {
                return "error \(code)"
            }
            return String(cString: base)
        }
    }
}
