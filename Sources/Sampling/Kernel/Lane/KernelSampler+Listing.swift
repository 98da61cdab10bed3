// SPDX-License-Identifier: Apache-2.0

import Vitals

/// Which cgroups are measured.
extension KernelSampler {
    /// One that somebody wants measured, and who.
    private struct Candidate {
        let node: CgroupNode
        let identity: ContainerIdentity
        /// Whether the options want it on the page.
        let isShown: Bool
        /// Whether a check names it.
        let isChecked: Bool
        /// Whether a question names it, or vitald itself is asked for it.
        let isAsked: Bool
    }

    /// Brings the tree and the list of containers up to date.
    func scan(_ now: Instant) {
        guard let tree else { return }
        readOwnPath()
        blindness = Blindness()
        let before = asked.count
        if before > 0 { asked = asked.filter { now - $0.value < Self.askedFor } }
        if asked.count != before { generation = nil }
        if let namesDue, now >= namesDue { generation = nil }
        if generation == nil { tree.wanted = WantedCgroups(options.checked + asked.keys, own: ownPath) }
        tree.scan(now: now.nanoseconds)
        guard tree.generation != generation else { return }
        generation = tree.generation
        listContainers(tree, now)
    }

    /// Finds vitald's own cgroup in the tree.
    private func readOwnPath() {
        ownFault = nil
        switch reader.read(path: roots.proc("self/cgroup"), streamed: false) {
        case .bytes(let bytes):
            // Without mountinfo there is a tree only where --cgroup-root names it.
            ownPlace = OwnCgroup(
                ProcessCgroup.written(bytes), root: mount == nil ? CgroupPath(components: []) : mount?.root)
        // Where vitald was is the best that is known: a fault of this moment does not move it.
        case .failed(let code): ownFault = KernelFault(code: code)
        case .missing, .gone: ownPlace = .unknown
        }
        let path = ownPlace.path.map { CgroupIdentity.match($0)?.identity.id ?? $0.text }
        guard path != ownPath else { return }
        ownPath = path
        generation = nil
        // What checks name by "self" is another.
        checkedEdition &+= 1
    }

    private func listContainers(_ tree: CgroupTree, _ now: Instant) {
        namesDue = nil
        var candidates: [Candidate] = []
        var ids: Set<String> = []
        let askedIndex = SelectionIndex(Array(asked.keys))
        if let root = tree.root { collect(root, now, askedIndex, into: &candidates, &ids) }
        let found = choose(candidates, now)
        let kept = Set(found.map { ObjectIdentifier($0.node) })
        for container in tracked where !kept.contains(ObjectIdentifier(container.node)) {
            container.close(reader)
            byNode[ObjectIdentifier(container.node)] = nil
        }
        tracked = found.sorted { $0.identity.id.utf8.lexicographicallyPrecedes($1.identity.id.utf8) }
    }

    private func collect(
        _ node: CgroupNode, _ now: Instant, _ askedIndex: SelectionIndex, into candidates: inout [Candidate],
        _ ids: inout Set<String>
    ) {
        let text = node.path.text
        let isOwn = text == ownPath
        // What nobody knows to be anything is measured where somebody names its path.
        let isSomething =
            node.match != nil || node.slice != nil || node.isRoot || isOwn
            || checkedIndex.names(path: text) || askedIndex.names(path: text)
        if isSomething {
            let identity = identity(node, text, now)
            let candidate = Candidate(
                node: node, identity: identity,
                isShown: options.shows(
                    identity, isContainer: node.match?.isContainer ?? false, own: ownPath),
                isChecked: isChecked(node, identity),
                isAsked: isOwn || node.isRoot
                    || (!asked.isEmpty && askedIndex.picks(identity, own: ownPath)))
            let isWanted = candidate.isShown || candidate.isChecked || candidate.isAsked
            // A carriage return is written as a blank, so two such paths could become one series.
            let key =
                text.utf8.contains(0x0d)
                ? String(text.map { $0 == "\r" || $0 == "\r\n" ? " " : $0 }) : text
            if isWanted, ids.insert(key).inserted { candidates.append(candidate) }
        }
        for child in node.children { collect(child, now, askedIndex, into: &candidates, &ids) }
    }

    /// What checks name comes first and has no limit; the page takes more while there is room, and so do questions.
    private func choose(_ candidates: [Candidate], _ now: Instant) -> [TrackedContainer] {
        var room = options.containerLimit - candidates.count { $0.isChecked && $0.isShown }
        var askedRoom = options.containerLimit
        var found: [TrackedContainer] = []
        var refusals: [CgroupNode] = []
        var newlyRefused = 0
        for candidate in candidates {
            var isExported = candidate.isShown
            if isExported, !candidate.isChecked {
                isExported = room > 0
                room -= 1
            }
            if candidate.isShown, !isExported {
                refusals.append(candidate.node)
                if !candidate.node.isRefused { newlyRefused += 1 }
                candidate.node.isRefused = true
            } else {
                candidate.node.isRefused = false
            }
            guard isExported || candidate.isChecked || candidate.isAsked else { continue }
            if !isExported, !candidate.isChecked, !candidate.node.isRoot, candidate.identity.id != ownPath {
                guard askedRoom > 0 else {
                    if !candidate.isShown { refusals.append(candidate.node) }
                    continue
                }
                askedRoom -= 1
            }
            let container = container(candidate, now, isExported ? .exported : .asked)
            container.isChecked = candidate.isChecked
            found.append(container)
        }
        refused = refusals
        tallies.refused(newlyRefused)
        return found
    }

    /// Who a node is, with the name that the host's files tell; looked up once in a cgroup's life, and a few times
    /// more where that was too early.
    private func identity(_ node: CgroupNode, _ path: String, _ now: Instant) -> ContainerIdentity {
        if let known = node.identity, node.namesDue.map({ now < $0 }) ?? true {
            note(due: node.namesDue)
            return known
        }
        var identity = node.match?.identity ?? node.slice ?? ContainerIdentity(id: path)
        // A slice stands for a pod as a whole, which says nothing of the labels that containers have.
        if node.match != nil, !identity.pod.isEmpty { isKubernetes = true }
        node.namesDue = nil
        if let match = node.match, match.isContainer, !names.complete(&identity, hex: match.hex) {
            node.nameTries += 1
            if node.nameTries < Self.nameTries { node.namesDue = now + .seconds(1 << node.nameTries) }
        }
        note(due: node.namesDue)
        if node.identity != identity { node.checked = nil }
        node.identity = identity
        return identity
    }

    private func note(due: Instant?) {
        if let due { namesDue = min(namesDue ?? due, due) }
    }

    /// Whether a check names it; looked up once for each node and edition of the checks.
    private func isChecked(_ node: CgroupNode, _ identity: ContainerIdentity) -> Bool {
        if let known = node.checked, known.edition == checkedEdition { return known.isNamed }
        let isNamed = checkedIndex.picks(identity, own: ownPath)
        node.checked = (checkedEdition, isNamed)
        return isNamed
    }

    private func container(
        _ candidate: Candidate, _ now: Instant, _ purpose: TrackedContainer.Purpose
    ) -> TrackedContainer {
        let node = candidate.node
        let identity = candidate.identity
        if let known = byNode[ObjectIdentifier(node)], known.node === node {
            known.purpose = purpose
            if known.identity != identity {
                known.identity = identity
                known.labels.removeAll()
            }
            return known
        }
        let made = TrackedContainer(node, identity: identity, purpose: purpose)
        // One that a whole scan did not meet has used nothing by then: its first reading is a second one.
        if node.firstSeen == now.nanoseconds, let before = node.bornAfter {
            made.pace = CPUPace(beganAfter: Instant(nanoseconds: before))
        }
        byNode[ObjectIdentifier(node)] = made
        return made
    }
}
