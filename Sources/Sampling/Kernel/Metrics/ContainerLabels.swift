// SPDX-License-Identifier: Apache-2.0

import Vitals

/// The label texts of one container, rendered once into the sheet's slab.
struct ContainerLabels {
    /// Labels that a figure has beside those of every container.
    enum Extra: Int, CaseIterable {
        case none, cpuTotal, faultContainer, faultHierarchy, majorFaultContainer, majorFaultHierarchy,
            openFiles

        /// Their names and values.
        var pairs: [(name: String, value: String)] {
            switch self {
            case .none: []
            case .cpuTotal: [("cpu", "total")]
            case .faultContainer: [("failure_type", "pgfault"), ("scope", "container")]
            case .faultHierarchy: [("failure_type", "pgfault"), ("scope", "hierarchy")]
            case .majorFaultContainer: [("failure_type", "pgmajfault"), ("scope", "container")]
            case .majorFaultHierarchy: [("failure_type", "pgmajfault"), ("scope", "hierarchy")]
            case .openFiles: [("ulimit", "max_open_files")]
            }
        }
    }

    /// The labels of one block device.
    struct Device {
        let major: Int64
        let minor: Int64
        let device: Sheet.Labels
        let read: Sheet.Labels
        let write: Sheet.Labels
    }

    /// By `Extra`; empty until rendered.
    private(set) var extras: [Sheet.Labels] = []
    private(set) var info = Sheet.Labels.none
    private var devices: [Device] = []
    private var interfaces: [(name: [UInt8], labels: Sheet.Labels)] = []
    private var root: (device: String, labels: Sheet.Labels)?
    private var levels: [(node: CgroupNode?, labels: Sheet.Labels)] = []

    /// A container lies below few cgroups; payloads may come and go.
    private static let levelLimit = 8

    /// Renders what every container has, where that has not been done.
    ///
    /// On a node of Kubernetes everything has `container`, `pod` and `namespace`, be they empty: a family has one set of
    /// labels.
    mutating func render(_ identity: ContainerIdentity, kubernetes: Bool, into sheet: inout Sheet) {
        guard extras.isEmpty else { return }
        var pairs = [("id", identity.id), ("name", identity.name), ("image", identity.image)]
        if kubernetes {
            pairs += [
                ("container", identity.container), ("pod", identity.podName),
                ("namespace", identity.namespace),
            ]
        }
        let base = sheet.labels(pairs)
        extras = Extra.allCases.map { $0 == .none ? base : sheet.labels($0.pairs, after: base) }
        info = sheet.labels([
            ("id", identity.id), ("name", identity.name), ("image", identity.image),
            ("runtime", identity.runtime), ("unit", identity.unit), ("pod", identity.pod),
            ("uid", identity.uid),
        ])
    }

    /// The labels of a block device; its name is asked once.
    mutating func device(
        _ device: IOStat.Device, into sheet: inout Sheet, names: BlockDevices
    ) -> Device {
        if let known = devices.first(where: { $0.major == device.major && $0.minor == device.minor }) {
            return known
        }
        let text = names.name(device.major, device.minor)
        let base = extras.first ?? .none
        let numbers = [
            ("device", text), ("major", String(device.major)), ("minor", String(device.minor)),
        ]
        let made = Device(
            major: device.major, minor: device.minor, device: sheet.labels([("device", text)], after: base),
            read: sheet.labels(numbers + [("operation", "Read")], after: base),
            write: sheet.labels(numbers + [("operation", "Write")], after: base))
        devices.append(made)
        return made
    }

    /// The labels of the file system that the root lies on.
    mutating func filesystem(_ device: String, into sheet: inout Sheet) -> Sheet.Labels {
        if let root, root.device == device { return root.labels }
        let labels = sheet.labels([("device", device)], after: extras.first ?? .none)
        root = (device, labels)
        return labels
    }

    /// The labels of an interface.
    mutating func interface(_ name: [UInt8], into sheet: inout Sheet) -> Sheet.Labels {
        if let known = interfaces.first(where: { $0.name == name }) { return known.labels }
        let labels = sheet.labels(
            [("interface", ReadableBytes.text(name))], after: extras.first ?? .none)
        interfaces.append((name, labels))
        return labels
    }

    /// The labels of what a cgroup above bounds, or the host.
    mutating func level(_ node: CgroupNode?, into sheet: inout Sheet) -> Sheet.Labels {
        if let known = levels.first(where: { $0.node === node }) { return known.labels }
        let text = node?.path.text ?? EffectiveLimits.host
        let labels = sheet.labels([("level", text)], after: extras.first ?? .none)
        if levels.count == Self.levelLimit { levels.removeAll() }
        levels.append((node, labels))
        return labels
    }

    /// Forgets everything, when the slab was emptied.
    mutating func removeAll() { self = ContainerLabels() }
}
