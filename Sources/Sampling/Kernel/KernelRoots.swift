// SPDX-License-Identifier: Apache-2.0

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
