// SPDX-License-Identifier: Apache-2.0

import Glibc
import Vitals

extension KernelSampler {
    /// Everything that this machine does not offer or a limit leaves out.
    func gaps() -> [KernelGap] {
        guard let mount else {
            guard tree == nil else { return limitGaps() }
            return [
                KernelGap(
                    .containers,
                    "\(roots.proc)/self/mountinfo cannot be read, so no container can be measured",
                    remedy: "Look whether \(roots.proc) is a procfs that vitald may read.")
            ]
        }
        var controllers: Set<String>?
        if let root = tree?.root {
            controllers = []
            let (directory, isTemporary) = tree?.enter(root) ?? (-1, false)
            if directory >= 0 {
                if case .bytes(var bytes) = reader.read("cgroup.controllers", in: directory),
                    let (line, _) = bytes.nextLine()
                {
                    var fields = bytes.fields(line)
                    while let field = fields.next() {
                        controllers?.insert(bytes.text(field))
                    }
                }
                if isTemporary { Glibc.close(directory) }
            }
        }
        return mount.missing(controllers: controllers, hasPressure: host.hasPressure) + limitGaps()
    }

    private func limitGaps() -> [KernelGap] {
        var gaps: [KernelGap] = []
        if refused > 0 {
            gaps.append(
                KernelGap(
                    .containers,
                    "more than \(options.containerLimit) containers and units, the rest is not shown",
                    remedy: "Raise containers.limit, or narrow containers.include."))
        }
        if let tree, tree.overflow > 0 {
            gaps.append(
                KernelGap(
                    .containers,
                    "the cgroup tree has more than \(CgroupTree.nodeLimit) cgroups or is deeper than "
                        + "\(CgroupTree.depthLimit), the rest is not looked at",
                    remedy: "Remove what nobody uses."))
        }
        if let gap = own.gap(proc: roots.proc, mount) { gaps.append(gap) }
        if !denied.isEmpty { gaps.append(deniedGap) }
        return gaps
    }

    /// For the figures that processes of other users did not give.
    private var deniedGap: KernelGap {
        let figures: [(KernelOptions.Detail, series: String, key: String)] = [
            (.fileDescriptors, "container_file_descriptors", "containers.fileDescriptors"),
            (.sockets, "container_sockets", "containers.sockets"),
            (.filesystem, "container_fs_*", "containers.filesystem"),
        ]
        let lost = figures.filter { denied.contains($0.0) }
        let places =
            denied == [.filesystem]
            ? "roots" : denied.contains(.filesystem) ? "open files and roots" : "open files"
        // A root takes leave to trace its process alone, and so does one that hidepid= hides.
        let takes = denied == [.filesystem] ? CapabilitySet.tracing : .deepView
        return KernelGap(
            .capabilities,
            "vitald may not look at the \(places) of other users' processes, so "
                + "\(lost.map(\.series).joined(separator: ", ")) \(lost.count == 1 && !denied.contains(.filesystem) ? "is" : "are") "
                + "missing where there are such",
            remedy:
                "Give it \(takes.names.joined(separator: " and ")) (deep.conf in /usr/share/doc/vitald/examples; "
                + "--cap-add of a container), or switch off \(lost.map(\.key).joined(separator: ", ")).",
            takes: takes)
    }
}
