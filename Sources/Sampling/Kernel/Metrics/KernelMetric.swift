// SPDX-License-Identifier: Apache-2.0

import Vitals

/// One metric family of containers: its name, its type, where its figures come from, and their unit.
struct KernelMetric: Sendable {
    /// Where the samples come from.
    enum Source: Sendable {
        /// One figure of the row for each set of extra labels.
        case figures([(FigureColumn, ContainerLabels.Extra)])
        /// One figure of each block device.
        case device(@Sendable (IOStat.Device) -> Int64?)
        /// Bytes read and written of each block device, told apart by `operation`.
        case deviceOperations
        /// One figure of the file system that the root lies on.
        case filesystem(@Sendable (FilesystemFigures) -> Int64?)
        /// One figure of each interface.
        case interface(@Sendable (NetDev.Interface) -> Int64)
        /// What bounds it, with the cgroup that sets that (nil for the host); takes what the host has available.
        case bound(@Sendable (LimitBounds, _ hostAvailable: Int64?) -> Bound?)
    }

    /// A value, and the cgroup that sets it; nil for the host.
    typealias Bound = (value: MetricValue, node: CgroupNode?)

    /// How a figure becomes a value.
    enum Unit: Sendable {
        /// As it is.
        case plain
        /// µs, shown as seconds.
        case micros
        /// As it is; no limit is 0, as cAdvisor has it.
        case limit
        /// As it is; no limit is no sample.
        case quota
        /// As it is; no limit is −1.
        case ulimit

        /// The value to show, or nil for none.
        @inline(__always)
        func value(_ figure: Int64) -> MetricValue? {
            switch self {
            case .plain: .integer(figure)
            case .micros: .micros(figure)
            // Above 2^62 there is no limit either: the kernel rounds huge ones down to whole pages.
            case .limit: .integer(figure > 1 << 62 ? 0 : figure)
            case .quota: figure == FigureRow.unlimited ? nil : .integer(figure)
            case .ulimit: .integer(figure == FigureRow.unlimited ? -1 : figure)
            }
        }
    }

    let family: MetricFamily
    let source: Source
    let unit: Unit

    /// Whether no limit is no sample.
    var isQuota: Bool { if case .quota = unit { true } else { false } }

    init(_ name: String, _ kind: MetricFamily.Kind, _ column: FigureColumn, _ help: String) {
        self.init(name, kind, .figures([(column, .none)]), .plain, help)
    }

    init(_ name: String, _ kind: MetricFamily.Kind, _ column: FigureColumn, _ unit: Unit, _ help: String) {
        self.init(name, kind, .figures([(column, .none)]), unit, help)
    }

    init(
        _ name: String, _ kind: MetricFamily.Kind, _ column: FigureColumn, _ unit: Unit,
        _ extra: ContainerLabels.Extra, _ help: String
    ) {
        self.init(name, kind, .figures([(column, extra)]), unit, help)
    }

    init(_ name: String, _ kind: MetricFamily.Kind, _ source: Source, _ help: String) {
        self.init(name, kind, source, .plain, help)
    }

    init(_ name: String, _ kind: MetricFamily.Kind, _ source: Source, _ unit: Unit, _ help: String) {
        family = MetricFamily(name, kind, help)
        self.source = source
        self.unit = unit
    }
}
