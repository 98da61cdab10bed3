// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Measures the file system that a container's root lies on, where that cannot hang: its type is looked up in the
/// container's mountinfo before it is touched, and what is not local (NFS, FUSE) is left alone.
struct RootFilesystem {
    /// The mounts as vitald sees them.
    let own: MountTable
    /// The host's root directory.
    let files: String
    /// Roots that are closed to us and have no substitute.
    private(set) var denied = 0

    init(own: MountTable, files: String) {
        self.own = own
        self.files = files
    }

    /// The root of the process's mount namespace; nil where it is not local or not ours to measure.
    mutating func figures(of process: ContainerProcess, _ reader: KernelReader, proc: String)
        -> FilesystemFigures?
    {
        guard case .bytes(let bytes) = process.mounts(reader, proc: proc),
            let root = MountTable(parsing: bytes).mount(of: "/"), root.isLocal
        else { return nil }
        // As cAdvisor has it, the device is the one that holds the data. An overlay asks the file system of its
        // upper layer, so that must be local too, and known.
        var named = root
        if root.type == "overlay" {
            guard let upper = upperMount(root), upper.isLocal else { return nil }
            named.source = upper.source
        }
        let descriptor = process.root(proc: proc)
        if descriptor >= 0 {
            defer { close(descriptor) }
            return FilesystemFigures(named, descriptor: descriptor)
        }
        // Without leave to trace the process its root is closed to us.
        guard descriptor == -EACCES || descriptor == -EPERM else { return nil }
        guard let substitute = substitute(for: root) else {
            denied += 1
            return nil
        }
        return FilesystemFigures(substitute)
    }

    /// What to measure in place of a root: an overlay is as large as the file system that holds its upper layer,
    /// unless a quota gives that layer a size of its own.
    func substitute(for root: Mount) -> Mount? {
        guard var upper = upperMount(root), upper.isLocal, !Self.hasProjectQuota(upper) else { return nil }
        upper.point = files + upper.point
        return upper
    }

    /// The mount that holds an overlay's upper layer; nil where it lies outside of what we see.
    private func upperMount(_ overlay: Mount) -> Mount? {
        guard overlay.type == "overlay" else { return nil }
        let option = Mount.words(overlay.superOptions).first { $0.hasPrefix("upperdir=/") }
        // The kernel takes no overlay for an upper layer: that would be another directory of the same name.
        return option.flatMap { own.mount(of: String($0.dropFirst("upperdir=".count))) }
            .flatMap { $0.type == "overlay" ? nil : $0 }
    }

    private static func hasProjectQuota(_ mount: Mount) -> Bool {
        Mount.words(mount.superOptions).contains { ["prjquota", "pquota", "pqnoenforce"].contains($0) }
    }
}
