// SPDX-License-Identifier: Apache-2.0

import Glibc
import Vitals

/// One metric family of the host or of vitald's process. One metric is one line of `all`.
struct HostMetric: Sendable {
    /// Where the samples come from.
    enum Source: Sendable {
        /// One number.
        case one(@Sendable (HostSampler) -> MetricValue?)
        /// Each processor and mode.
        case processors
        /// Each interface.
        case interface(@Sendable (NetDev.Interface) -> Int64)
        /// Each file system.
        case filesystem(@Sendable (FilesystemFigures) -> Int64)
        /// `machine_memory_bytes` with its identities.
        case machineMemory
        /// `node_uname_info`.
        case uname
    }

    let family: MetricFamily
    let source: Source
    /// Whether it is shown even where the host's figures are switched off.
    let always: Bool

    init(
        _ name: String, _ kind: MetricFamily.Kind, _ source: Source, always: Bool = false, _ help: String
    ) {
        family = MetricFamily(name, kind, help)
        self.source = source
        self.always = always
    }
}
