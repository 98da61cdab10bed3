// SPDX-License-Identifier: Apache-2.0

import Vitals

extension KernelSampler {
    /// Room for containers that come and go before the texts are rendered anew.
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
        // Half of the texts belong to containers that are gone, or the first pod has come: render those that live anew.
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
    }

    /// The figures of what a selection picks; `exactly` leaves out what lies below vitald's own cgroup.
    func containers(_ selection: Selection, exactly: Bool = false) -> [ContainerFigures] {
        noteAsked(selection)
        refresh(.full)
        var result: [ContainerFigures] = []
        matrix.withUnsafeMutableBufferPointer { memory in
            guard let base = memory.baseAddress else { return }
            for (index, container) in tracked.enumerated() where container.isWhole {
                if exactly, container.identity.id != ownPath { continue }
                guard KernelOptions.picks(selection, container.identity, own: ownPath) else { continue }
                let named = selection.patterns.contains { Self.isLiteral($0) }
                if case .asked = container.purpose, !named { continue }
                result.append(
                    container.figures(FigureRow(base + index * FigureColumn.count), host: hostFigures))
            }
        }
        return result
    }

    /// A selection that names something outright gets it even if it is not on the page.
    private func noteAsked(_ selection: Selection) {
        for pattern in selection.patterns
        where Self.isLiteral(pattern) && pattern != "self" && pattern != "host" {
            guard asked.count < Self.askedLimit || asked[pattern] != nil,
                asked.updateValue(time.now, forKey: pattern) == nil
            else { continue }
            generation = nil
            // Read at once only where it leads to something: questions must not wear out the kernel.
            if let root = tree?.root, leavesOut(pattern, root) { lastFull = .distantPast }
        }
    }

    /// Whether a pattern names a cgroup that was not read.
    private func leavesOut(_ pattern: String, _ node: CgroupNode) -> Bool {
        if let identity = node.identity ?? node.match?.identity, byNode[ObjectIdentifier(node)] == nil,
            KernelOptions.picks(Selection([pattern]), identity, own: ownPath)
        {
            return true
        }
        return node.children.contains { leavesOut(pattern, $0) }
    }

    /// As many names as a configuration can hold checks, and some for the socket's clients.
    private static let askedLimit = 512

    private static func isLiteral(_ pattern: String) -> Bool {
        !pattern.utf8.contains {
            $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "[")
        }
            && pattern.utf8.first != UInt8(ascii: "!")
    }
}
