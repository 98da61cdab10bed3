// SPDX-License-Identifier: Apache-2.0

/// One container or unit as the socket shows it. A figure that the kernel does not give is absent, never zero.
///
/// The keys of docker-based monitoring (`cpu_percent` of one core, `memory_percent`, `memory_usage_mb`,
/// `network_rx_mb`, `network_tx_mb`, `status`) stand beside exact ones in bytes and microseconds.
package struct ContainerView: Sendable {
    /// What is shown.
    package var figures: ContainerFigures

    /// The view of these figures.
    package init(_ figures: ContainerFigures) { self.figures = figures }

    /// `running` while a process lives in it, `frozen` while its processes are stopped, `exited` when there are none; nil
    /// when the kernel does not say.
    package var status: String? {
        figures.populated.map { $0 ? (figures.frozen ?? false ? "frozen" : "running") : "exited" }
    }

    private static func mebibytes(_ bytes: Int64?) -> Double? { bytes.map { Double($0) / 1_048_576 } }

    /// Writes it as one value.
    package func write(into writer: inout JSONWriter) {
        let identity = figures.identity
        writer.object { container in
            container.member("id", identity.id)
            container.member("name", identity.name)
            container.member("image", identity.image)
            container.member("runtime", identity.runtime)
            container.member("unit", identity.unit)
            if !identity.pod.isEmpty { container.member("pod", identity.pod) }
            if !identity.podName.isEmpty { container.member("pod_name", identity.podName) }
            if !identity.namespace.isEmpty { container.member("namespace", identity.namespace) }
            if !identity.container.isEmpty { container.member("container", identity.container) }
            if !identity.uid.isEmpty { container.member("uid", identity.uid) }
            container.member("status", status)
            container.member("started", figures.started?.rfc3339)
            container.member("cpu_percent", figures.cpuPercentOfCore)
            container.member("cpu_percent_of_quota", figures.cpuPercentOfQuota)
            container.member("cpu_percent_of_host", figures.cpuPercentOfHost)
            container.member("throttled_percent", figures.throttledPercent)
            container.member("cpu_usage_us", figures.cpuMicroseconds)
            container.member("memory_percent", figures.memoryPercent)
            container.member("memory_usage_mb", Self.mebibytes(figures.memoryBytes))
            container.member("memory_bytes", figures.memoryBytes)
            container.member("working_set_bytes", figures.workingSetBytes)
            switch figures.memoryLimit {
            case .limited(let size): container.member("memory_limit_bytes", size.bytes)
            case .unlimited:
                container.key("memory_limit_bytes")
                container.null()
            case nil: break
            }
            figures.limits?.write(into: &container, hasPercent: figures.memoryPercent != nil)
            container.member("memory_pressure", figures.memoryPressure)
            container.member("oom_kills", figures.oomKills)
            container.member("processes", figures.processes)
            container.member("network_rx_mb", Self.mebibytes(figures.networkReceivedBytes))
            container.member("network_tx_mb", Self.mebibytes(figures.networkTransmittedBytes))
            container.member("network_rx_bytes", figures.networkReceivedBytes)
            container.member("network_tx_bytes", figures.networkTransmittedBytes)
            guard !figures.unreadable.isEmpty else { return }
            container.member(
                "unreadable",
                array: { list in
                    for file in figures.unreadable {
                        list.object { members in
                            members.member("file", file.name)
                            members.member("reason", file.cause.rawValue)
                            members.member("problem", file.problem)
                        }
                    }
                })
        }
    }

    /// Reads a container; nil where it is none.
    package init?(reading value: JSONValue) {
        guard let id = value["id"]?.string else { return nil }
        var identity = ContainerIdentity(id: id)
        identity.name = value["name"]?.string ?? ""
        identity.image = value["image"]?.string ?? ""
        identity.runtime = value["runtime"]?.string ?? ""
        identity.unit = value["unit"]?.string ?? ""
        identity.pod = value["pod"]?.string ?? ""
        identity.podName = value["pod_name"]?.string ?? ""
        identity.namespace = value["namespace"]?.string ?? ""
        identity.container = value["container"]?.string ?? ""
        identity.uid = value["uid"]?.string ?? ""
        figures = ContainerFigures(identity: identity)
        figures.populated = value["status"]?.string.map { $0 != "exited" }
        figures.frozen = value["status"]?.string.map { $0 == "frozen" }
        figures.started = value["started"]?.string.flatMap { WallTime(rfc3339: $0) }
        figures.cpuPercentOfCore = value["cpu_percent"]?.double
        figures.cpuPercentOfQuota = value["cpu_percent_of_quota"]?.double
        figures.cpuPercentOfHost = value["cpu_percent_of_host"]?.double
        figures.throttledPercent = value["throttled_percent"]?.double
        figures.cpuMicroseconds = value["cpu_usage_us"]?.integer
        figures.memoryPercent = value["memory_percent"]?.double
        figures.memoryBytes = value["memory_bytes"]?.integer
        figures.workingSetBytes = value["working_set_bytes"]?.integer
        if let limit = value["memory_limit_bytes"] {
            figures.memoryLimit = limit.integer.map { .limited(ByteCount($0)) } ?? .unlimited
        }
        figures.limits = EffectiveLimits(reading: value)
        figures.memoryPressure = value["memory_pressure"]?.double
        figures.oomKills = value["oom_kills"]?.integer
        figures.processes = value["processes"]?.integer
        figures.networkReceivedBytes = value["network_rx_bytes"]?.integer
        figures.networkTransmittedBytes = value["network_tx_bytes"]?.integer
        figures.unreadable = (value["unreadable"]?.elements ?? []).compactMap { file in
            guard let name = file["file"]?.string, let problem = file["problem"]?.string,
                let cause = file["reason"]?.string.flatMap(Unmeasured.Cause.init(rawValue:))
            else { return nil }
            return UnreadableFile(name, cause, problem)
        }
    }

    /// Writes the host's figures as one value.
    package static func write(host: HostFigures, into writer: inout JSONWriter) {
        writer.object { members in
            members.member("cores", host.cores.map(Int64.init))
            members.member("cpu_percent", host.cpuPercent)
            members.member("memory_percent", host.memoryPercent)
            members.member("memory_total_bytes", host.memoryTotalBytes)
            members.member("memory_available_bytes", host.memoryAvailableBytes)
            members.member("memory_pressure", host.memoryPressure)
            if let container = host.container {
                members.key("container")
                container.write(into: &members)
            }
        }
    }

    /// Reads the host's figures.
    package static func readHost(_ value: JSONValue) -> HostFigures {
        var host = HostFigures()
        host.cores = value["cores"]?.integer.map { Int(clamping: $0) }
        host.cpuPercent = value["cpu_percent"]?.double
        host.memoryTotalBytes = value["memory_total_bytes"]?.integer
        host.memoryAvailableBytes = value["memory_available_bytes"]?.integer
        host.memoryPressure = value["memory_pressure"]?.double
        host.container = value["container"].flatMap { EffectiveLimits.MemoryFill(reading: $0) }
        return host
    }
}
