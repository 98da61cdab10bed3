// SPDX-License-Identifier: Apache-2.0

import Vitals

/// Fills the sheet with the containers' families.
struct KernelPage {
    let options: KernelOptions
    let kubernetes: Bool
    let tallies: KernelTallies
    /// What the host has available of memory.
    let hostAvailable: Int64?
    private var rows: [Int] = []
    /// What is left out for the limit of series: how many, and of how many containers.
    private(set) var left = (series: 0, containers: 0)

    init(options: KernelOptions, kubernetes: Bool, tallies: KernelTallies, hostAvailable: Int64?) {
        self.options = options
        self.kubernetes = kubernetes
        self.tallies = tallies
        self.hostAvailable = hostAvailable
    }

    /// Adds every family of `KernelMetric.all`.
    mutating func fill(
        _ sheet: inout Sheet, _ containers: [TrackedContainer], _ matrix: [Int64], devices: BlockDevices
    ) {
        choose(containers, matrix)
        for index in rows {
            let container = containers[index]
            container.labels.render(container.identity, kubernetes: kubernetes, into: &sheet)
        }
        sheet.begin(Self.info)
        for index in rows { sheet.add(.integer(1), containers[index].labels.info) }
        for metric in KernelMetric.all {
            sheet.begin(metric.family)
            switch metric.source {
            case .figures(let columns):
                for index in rows {
                    for (column, extra) in columns {
                        let figure = matrix[index * FigureColumn.count + column.rawValue]
                        guard figure != FigureRow.missing, let value = metric.unit.value(figure) else {
                            continue
                        }
                        sheet.add(value, containers[index].labels.extras[extra.rawValue])
                    }
                }
            case .device(let figure):
                for index in rows {
                    for device in containers[index].devices {
                        guard let number = figure(device), let value = metric.unit.value(number) else {
                            continue
                        }
                        let labels = containers[index].labels.device(device, into: &sheet, names: devices)
                        sheet.add(value, labels.device)
                    }
                }
            case .deviceOperations:
                for index in rows {
                    for device in containers[index].devices {
                        let labels = containers[index].labels.device(device, into: &sheet, names: devices)
                        if let read = device.readBytes { sheet.add(.integer(read), labels.read) }
                        if let written = device.writtenBytes { sheet.add(.integer(written), labels.write) }
                    }
                }
            case .filesystem(let figure):
                for index in rows {
                    guard let system = containers[index].filesystem, let number = figure(system) else {
                        continue
                    }
                    let labels = containers[index].labels.filesystem(system.mount.source, into: &sheet)
                    sheet.add(.integer(number), labels)
                }
            case .interface(let figure):
                for index in rows {
                    for interface in containers[index].interfaces {
                        let labels = containers[index].labels.interface(interface.name, into: &sheet)
                        sheet.add(.integer(figure(interface)), labels)
                    }
                }
            case .bound(let figure):
                for index in rows {
                    guard let bound = figure(containers[index].bounds, hostAvailable) else { continue }
                    let labels = containers[index].labels.level(bound.node, into: &sheet)
                    sheet.add(bound.value, labels)
                }
            }
        }
    }

    /// Adds how the collectors fared.
    func fillCollectors(_ sheet: inout Sheet, _ runs: [KernelSampler.CollectorRun], labels: inout LabelCache)
    {
        sheet.begin(Self.success)
        for run in runs {
            sheet.add(.integer(run.success ? 1 : 0), labels.labels("collector", run.name, &sheet))
        }
        sheet.begin(Self.duration)
        for run in runs {
            sheet.add(.nanos(run.duration.nanoseconds), labels.labels("collector", run.name, &sheet))
        }
    }

    /// Whole containers up to the limit of series: half a container would lie. What a check names is never left out.
    private mutating func choose(_ containers: [TrackedContainer], _ matrix: [Int64]) {
        rows.removeAll(keepingCapacity: true)
        var series = 0
        for (index, container) in containers.enumerated()
        where container.isChecked && Self.isShown(container, index, matrix) {
            series += count(container, index, matrix)
        }
        var newlyLeft = 0
        for (index, container) in containers.enumerated() where Self.isShown(container, index, matrix) {
            var isCut = false
            if !container.isChecked {
                let count = self.count(container, index, matrix)
                isCut = series + count > options.seriesLimit
                if isCut {
                    left.series += count
                    left.containers += 1
                    if !container.isCut { newlyLeft += count }
                } else {
                    series += count
                }
            }
            container.isCut = isCut
            if !isCut { rows.append(index) }
        }
        tallies.series(series)
        tallies.limitedSeries(newlyLeft)
    }

    private static func isShown(_ container: TrackedContainer, _ index: Int, _ matrix: [Int64]) -> Bool {
        guard container.isWhole, case .exported = container.purpose else { return false }
        // Nobody lives in it any more: its runtime is about to remove it.
        return matrix[index * FigureColumn.count + FigureColumn.populated.rawValue] != 0
    }

    private func count(_ container: TrackedContainer, _ index: Int, _ matrix: [Int64]) -> Int {
        var count = 1
        for metric in KernelMetric.all {
            switch metric.source {
            case .figures(let columns):
                // No quota is no sample.
                let omitted = metric.isQuota ? FigureRow.unlimited : FigureRow.missing
                for (column, _) in columns {
                    let figure = matrix[index * FigureColumn.count + column.rawValue]
                    if figure != FigureRow.missing, figure != omitted { count += 1 }
                }
            case .device: count += container.devices.count
            case .deviceOperations: count += 2 * container.devices.count
            case .filesystem: count += container.filesystem == nil ? 0 : 1
            case .interface: count += container.interfaces.count
            case .bound(let figure): count += figure(container.bounds, hostAvailable) == nil ? 0 : 1
            }
        }
        return count
    }

    static let info = MetricFamily(
        "vitald_container_info", .gauge, "Who each container and unit is; always 1.")
    static let success = MetricFamily(
        "vitald_collector_success", .gauge, "Whether the last reading of a collector was whole.")
    static let duration = MetricFamily(
        "vitald_collector_duration_seconds", .gauge, "How long the last reading of a collector took.")
}
