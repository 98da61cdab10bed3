// SPDX-License-Identifier: Apache-2.0

import Vitals

extension KernelSampler {
    /// Room for containers that come and go before the texts are rendered again.
    private static let slabSlack = 256 << 10

    /// Hands over the sheet of the last reading.
    func withSheet(_ use: (borrowing Sheet) -> Void) {
        if !sheetIsCurrent {
            fillSheet()
            sheetIsCurrent = true
        }
        use(sheet)
    }

    private func fillSheet() {
        // Half of the texts belong to containers that are gone, or the first pod has come: render those that live again.
        if sheet.slab.count > 2 * slabMark + Self.slabSlack || kubernetesShown != isKubernetes {
            kubernetesShown = isKubernetes
            sheet.removeAll()
            labels.removeAll()
            for container in tracked { container.labels.removeAll() }
            slabMark = 0
        }
        sheet.removeSamples()
        var page = KernelPage(
            options: options, kubernetes: isKubernetes, tallies: tallies,
            hostAvailable: host.memory.available)
        page.fill(&sheet, tracked, matrix, devices: devices)
        host.fill(&sheet, options: options, labels: &labels)
        page.fillCollectors(&sheet, collectors, labels: &labels)
        if slabMark == 0 { slabMark = sheet.slab.count }
        cutSeries = page.left
        noteCuts()
    }

    /// What a selection picks, and what of it could not be looked at.
    func containers(_ selection: Selection) -> ContainerAnswer {
        let isNoted = noteAsked(selection)
        refresh(.full)
        var answer = gather { picks(selection, $0) }
        answer.unmeasured = blindSpots(selection, beside: answer.containers.map(\.identity), isNoted)
        return answer
    }

    /// The cgroup that vitald lives in, or why nothing is known of it.
    func own() -> ContainerAnswer {
        refresh(.full)
        let own = ownPath
        var answer = gather { $0.identity.id == own }
        if answer.containers.isEmpty { answer.unmeasured = [absence ?? ownAbsence] }
        return answer
    }

    private func gather(where isPicked: (TrackedContainer) -> Bool) -> ContainerAnswer {
        var answer = ContainerAnswer(hasPressure: host.hasPressure)
        let machine = hostFigures
        matrix.withUnsafeMutableBufferPointer { memory in
            for (index, container) in tracked.enumerated() {
                guard container.isWhole || container.isUnreadable, isPicked(container) else { continue }
                if container.isWhole, let base = memory.baseAddress {
                    answer.containers.append(
                        container.figures(FigureRow(base + index * FigureColumn.count), host: machine))
                } else {
                    answer.containers.append(container.unknownFigures)
                }
            }
        }
        return answer
    }

    /// A list shows what is on the page, and beyond that what it names to the letter.
    private func picks(_ selection: Selection, _ container: TrackedContainer) -> Bool {
        guard KernelOptions.picks(selection, container.identity, own: ownPath) else { return false }
        guard case .asked = container.purpose, selection.scope == .everything else { return true }
        return selection.patterns.contains {
            Selection.isLiteral($0)
                && KernelOptions.covers(selection, $0, container.identity, own: ownPath)
        }
    }

    /// What is asked for is read along for a while, even if it is not on the page. False where too much is asked for.
    private func noteAsked(_ selection: Selection) -> Bool {
        var wanted: [Selection] = []
        if selection.scope == .everything {
            for pattern in selection.patterns
            where Selection.isLiteral(pattern) && pattern != "self" && pattern != "host" {
                wanted.append(Selection([pattern]))
            }
        } else if !checkedSelections.contains(selection) {
            wanted.append(selection)
        }
        var isNoted = true
        for one in wanted {
            guard asked.count < Self.askedLimit || asked[one] != nil else {
                isNoted = false
                continue
            }
            guard asked.updateValue(time.now, forKey: one) == nil else { continue }
            generation = nil
            // Read at once only where it leads to something: questions must not wear out the kernel.
            if let tree, let root = tree.root, tree.overflow > 0 || leavesOut(one, root) {
                lastFull = .distantPast
            }
        }
        return isNoted
    }

    /// Whether a selection picks a cgroup that was not read.
    private func leavesOut(_ selection: Selection, _ node: CgroupNode) -> Bool {
        if byNode[ObjectIdentifier(node)] == nil {
            if let identity = node.identity ?? node.match?.identity ?? node.slice {
                if KernelOptions.picks(selection, identity, own: ownPath) { return true }
            } else if selection.patterns.contains(node.path.text) {
                return true
            }
        }
        return node.children.contains { leavesOut(selection, $0) }
    }

    /// As many names as a configuration can hold checks, and some for the socket's clients.
    private static let askedLimit = 512
}
