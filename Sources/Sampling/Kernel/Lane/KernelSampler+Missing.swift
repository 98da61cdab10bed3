// SPDX-License-Identifier: Apache-2.0

import Glibc
import Vitals

/// What the root of the tree shows of the machine.
struct RootView {
    /// The controllers that are there; nil where nothing tells.
    var controllers: Set<String>?
    /// Whether it is the root of a container or unit: the real one has no cgroup.events.
    var isPart = false
    /// Whether it could not be looked at the last time, so that this is what was known before.
    var isUnread = false
}

extension KernelSampler {
    /// Everything that this machine does not offer or a limit leaves out.
    func gaps() -> [KernelGap] {
        host.lookForPressure()
        guard let mount else {
            view = RootView()
            guard tree == nil else { return cutGaps() }
            let fault = mountFault.map { ": \($0.text)" } ?? ""
            return [
                KernelGap(
                    .containers,
                    "\(roots.proc)/self/mountinfo cannot be read\(fault), so no container can be measured",
                    remedy: "Check whether \(roots.proc) is a procfs that vitald may read.")
            ]
        }
        lookAtRoot()
        var root = CgroupMount.Root.controllers(view.controllers ?? [])
        if tree?.root == nil { root = .closed(tree?.rootFault) } else if view.isUnread { root = .unread }
        return mount.missing(root: root, hasPressure: host.hasPressure) + cutGaps()
    }

    private func lookAtRoot() {
        guard let tree, let root = tree.root else {
            view = RootView()
            return
        }
        view.isUnread = true
        let (directory, isTemporary) = tree.enter(root)
        guard directory >= 0 else { return }
        defer { if isTemporary { Glibc.close(directory) } }
        switch reader.read("cgroup.controllers", in: directory) {
        case .failed: return
        case .missing, .gone: view.controllers = nil
        case .bytes(var bytes):
            var controllers: Set<String> = []
            if let (line, _) = bytes.nextLine() {
                var fields = bytes.fields(line)
                while let field = fields.next() { controllers.insert(bytes.text(field)) }
            }
            view.controllers = controllers
        }
        var status = stat()
        let code = fstatat(directory, "cgroup.events", &status, 0) == 0 ? 0 : errno
        guard code == 0 || code == ENOENT else { return }
        view.isPart = code == 0
        view.isUnread = false
    }

    /// What is left out, in words that stay the same while only the numbers change: the log tells each once.
    private func cutGaps() -> [KernelGap] {
        var gaps = unmeasured.map { cut in
            KernelGap(.containers, fact(cut), remedy: cut.remedy, cut: cut)
        }
        if let gap = ownPlace.gap(proc: roots.proc, mount) { gaps.append(gap) }
        if !denied.isEmpty { gaps.append(deniedGap) }
        return gaps
    }

    private func fact(_ cut: Unmeasured) -> String {
        switch (cut.subject, cut.cause) {
        case (.container, _):
            "more than \(options.containerLimit) containers and units, the rest is not measured"
        case (.containerSeries, _):
            "more than \(options.seriesLimit) series of containers and units, some of them are left out of the page"
        case (.cgroup, .limit):
            "the cgroup tree has more than \(CgroupTree.nodeLimit) cgroups or is deeper than "
                + "\(CgroupTree.depthLimit) levels, the rest is not looked at"
        case (.cgroup, _):
            "some cgroups cannot be opened\(tree?.unreadableFault.map { ": \($0.text)" } ?? "")"
        case (.processDescriptors, _):
            "more than \(DescriptorCensus.lookLimit) processes and open files, the rest is not counted"
        case (.containerFile, _):
            "some files of containers and units cannot be read\(faulty.fault.map { ": \($0.text)" } ?? "")"
        }
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
