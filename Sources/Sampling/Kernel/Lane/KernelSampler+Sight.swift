// SPDX-License-Identifier: Apache-2.0

import Vitals

/// What may be there and cannot be seen: nobody can say of it that it does not run.
extension KernelSampler {
    /// What a selection may pick beside what was found.
    func blindSpots(_ selection: Selection, beside found: [ContainerIdentity], _ isNoted: Bool)
        -> [Unmeasured]
    {
        var all: [Unmeasured] = []
        // What a check names is measured beyond the limit, so none of it is refused.
        if !self.refused.isEmpty, !checkedSelections.contains(selection) {
            blindness.walks += 1
            let refused = self.refused.count { node in
                guard byNode[ObjectIdentifier(node)] == nil, let identity = node.identity else {
                    return false
                }
                return KernelOptions.picks(selection, identity, own: ownPath)
            }
            if refused > 0 { all.append(.containers(refused, beyond: options.containerLimit)) }
        }
        if let absence { return all + [absence] }
        guard !selection.isAnswered(by: found) else { return all }
        if let partialView { all.append(partialView) }
        if let nameless = nameless(selection, beside: found) { all.append(nameless) }
        if selection.patterns.contains("self"), ownPath == nil { all.append(ownAbsence) }
        if !isNoted {
            all.append(
                Unmeasured(
                    .container, .limit,
                    fact: "too many names were asked for in the last ten minutes, so these are not looked up",
                    remedy: "Ask for fewer, or put them into containers.include."))
        }
        if let tree {
            let gaps = blindness.gaps(tree)
            if gaps.omitted > 0, !isFollowed(selection, tree) { all.append(.cgroups(gaps.omitted)) }
            if gaps.unreadable > 0, let fault = gaps.fault { all.append(.cgroups(gaps.unreadable, fault)) }
        }
        return all
    }

    /// What is said of a name that nothing has, where names of containers cannot be read: one of them may have it.
    private func nameless(_ selection: Selection, beside found: [ContainerIdentity]) -> Unmeasured? {
        guard selection.scope == .containers else { return nil }
        let absent = found.isEmpty ? selection.patterns : selection.unanswered(by: found)
        let isName = absent.contains { pattern in
            !Selection.excludes(pattern) && pattern != "self" && pattern != "host"
                && !pattern.utf8.contains(UInt8(ascii: "/"))
                && ![".service", ".scope", ".slice"].contains { pattern.hasSuffix($0) }
        }
        guard isName, let root = tree?.root else { return nil }
        for (runtime, count) in blindness.nameless(root) {
            guard let fault = names.denial(of: runtime) else { continue }
            return Unmeasured(
                .container, fault.cause, count: count,
                fact:
                    "the names that \(runtime) gave to \(Unmeasured.counted(count, "container", "containers")) "
                    + "cannot be read: \(fault.text)",
                remedy:
                    "Name the container by its id, or give vitald CAP_DAC_READ_SEARCH (see vitalctl doctor).")
        }
        return nil
    }

    /// Whether a selection names paths alone: these are followed beyond the limits, so what is not there does not exist.
    private func isFollowed(_ selection: Selection, _ tree: CgroupTree) -> Bool {
        tree.count < tree.limit + CgroupTree.reserve
            && selection.patterns.allSatisfy { pattern in
                Selection.excludes(pattern)
                    || (pattern.utf8.first == UInt8(ascii: "/") && Selection.isLiteral(pattern)
                        && CgroupPath(pattern).components.count <= CgroupTree.wantedDepthLimit)
            }
    }

    /// Why there is no tree to look at; nil where there is one.
    var absence: Unmeasured? {
        guard tree?.root == nil else { return nil }
        if let tree {
            let fault = tree.rootFault
            return Unmeasured(
                .cgroup, Self.cause(of: fault),
                fact: "the cgroup tree at \(tree.path) cannot be opened"
                    + (fault.map { ": \($0.text)" } ?? ""),
                remedy: fault?.isShortage == true
                    ? fault?.remedy ?? "" : "Check the path and its permissions.")
        }
        guard mount != nil else {
            return Unmeasured(
                .cgroup, Self.cause(of: mountFault),
                fact: "\(roots.proc)/self/mountinfo cannot be read"
                    + (mountFault.map { ": \($0.text)" } ?? ""),
                remedy: mountFault?.remedy
                    ?? "Check whether \(roots.proc) is a procfs that vitald may read.")
        }
        return Unmeasured(.cgroup, .cgroup, fact: CgroupMount.absent, remedy: CgroupMount.absentRemedy)
    }

    /// The cause of there being no tree: what vitald is short of, else that there is none.
    private static func cause(of fault: KernelFault?) -> Unmeasured.Cause {
        fault.flatMap { $0.isShortage ? $0.cause : nil } ?? .cgroup
    }

    /// Why the tree shows only a part of the machine; nil where it shows all that can be hoped for.
    private var partialView: Unmeasured? {
        let hasNone = view.controllers.map { $0.isDisjoint(with: ["cpu", "memory", "io", "pids"]) } ?? false
        if mount?.isHybrid ?? false || hasNone {
            return Unmeasured(
                .cgroup, .cgroup,
                fact: "this machine has cgroup version 1 beside version 2, and what is only in version 1 "
                    + "cannot be seen",
                remedy: "Boot with systemd.unified_cgroup_hierarchy=1.")
        }
        if view.isPart, tree?.root?.children.isEmpty ?? false {
            return Unmeasured(
                .cgroup, .cgroup,
                fact: "vitald has a cgroup namespace of its own and sees nothing but its own cgroup",
                remedy: "Run vitald on the host, or share the host's cgroup namespace (--cgroupns=host).")
        }
        return nil
    }

    /// Why nothing is known of vitald's own cgroup, where there is a tree.
    var ownAbsence: Unmeasured {
        let file = roots.proc("self/cgroup")
        if let ownFault {
            return Unmeasured(
                .cgroup, ownFault.cause, fact: "\(file) cannot be read: \(ownFault.text)",
                remedy: ownFault.remedy)
        }
        if let gap = ownPlace.gap(proc: roots.proc, mount) {
            return Unmeasured(.cgroup, .cgroup, fact: gap.fact, remedy: gap.remedy)
        }
        guard let ownPath else {
            return Unmeasured(
                .cgroup, .cgroup,
                fact: "\(file) does not say in which cgroup of version 2 vitald runs",
                remedy: CgroupMount.absentRemedy)
        }
        return Unmeasured(
            .cgroup, .cgroup,
            fact: "vitald's own cgroup \(ownPath) is not in the tree at \(tree?.path ?? "")",
            remedy: "Check --cgroup-root.")
    }
}
