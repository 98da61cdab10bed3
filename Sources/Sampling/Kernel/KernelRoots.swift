// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// Where the kernel's file systems are mounted: `/proc` and `/sys`, or the same of a captured tree.
package struct KernelRoots: Sendable, Hashable {
    /// procfs, without a trailing `/`.
    package var proc: String
    /// sysfs, without a trailing `/`.
    package var sys: String
    /// The cgroup2 root; nil to find it in mountinfo.
    package var cgroup: String?
    /// The host's root directory (empty for `/`), for names of containers and for statvfs; nil for a captured
    /// tree, to which this machine's files do not belong.
    package var files: String?

    /// Makes roots. Without `files`, they are this machine's own only where procfs is.
    package init(proc: String = "/proc", sys: String = "/sys", cgroup: String? = nil, files: String? = nil) {
        self.proc = Self.trimmed(proc)
        self.sys = Self.trimmed(sys)
        self.cgroup = cgroup.map(Self.trimmed)
        self.files = files ?? (Self.trimmed(proc) == "/proc" ? "" : nil)
    }

    /// Whether procfs is that of the kernel that runs, and not of a captured tree.
    var isLive: Bool {
        let descriptor = open(proc, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return clinux_filesystem_magic(descriptor) == Self.magic
    }

    /// `PROC_SUPER_MAGIC`
    private static let magic: Int64 = 0x9fa0

    /// A path below procfs.
    func proc(_ path: String) -> String { proc + "/" + path }

    /// A path below sysfs.
    func sys(_ path: String) -> String { sys + "/" + path }

    private static func trimmed(_ path: String) -> String {
        var path = path
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        return path
    }
}
