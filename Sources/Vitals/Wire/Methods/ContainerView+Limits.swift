// SPDX-License-Identifier: Apache-2.0

/// The limits that hold for a container, as the socket shows them: each with the cgroup that sets it.
///
/// ```json
/// "effective_memory_limit_bytes": 1073741824, "effective_memory_limit_level": "/agents.slice",
/// "effective_memory_limit_file": "memory.max",
/// "memory_available_bytes": 32212254, "memory_available_level": "/agents.slice",
/// "memory_percent_of_bytes": 1073741824, "memory_percent_used_bytes": 1041529570,
/// "memory_percent_level": "/agents.slice", "memory_percent_file": "memory.max"
/// ```
/// What `memory_percent` is of stands in `memory_percent_…`: the limit that is fullest, which need not be the smallest.
extension EffectiveLimits {
    /// Writes the members; `hasPercent` says whether `memory_percent` is there.
    func write(into container: inout JSONWriter, hasPercent: Bool) {
        container.member("effective_memory_limit_bytes", memory?.amount)
        container.member("effective_memory_limit_level", memory?.level)
        container.member("effective_memory_limit_file", memoryFile?.rawValue)
        container.member("memory_available_bytes", memoryAvailable?.amount)
        container.member("memory_available_level", memoryAvailable?.level)
        container.member("memory_percent_of_bytes", memoryFill?.limit.bytes)
        container.member("memory_percent_used_bytes", memoryFill?.used.bytes)
        if hasPercent { container.member("memory_percent_level", memoryFill?.level ?? Self.host) }
        container.member("memory_percent_file", memoryFill?.file.rawValue)
        container.member("effective_cpu_limit_cores", cores?.amount)
        container.member("effective_cpu_limit_level", cores?.level)
        container.member("cpu_percent_of_cores", cpuFill?.cores)
        container.member("cpu_percent_of_quota_level", cpuFill?.level)
        container.member("throttled_percent_level", throttledLevel)
        container.member("effective_swap_limit_bytes", swap?.amount)
        container.member("effective_swap_limit_level", swap?.level)
        container.member("swap_available_bytes", swapAvailable?.amount)
        container.member("swap_available_level", swapAvailable?.level)
        container.member("effective_pids_limit", pids?.amount)
        container.member("effective_pids_limit_level", pids?.level)
        container.member("pids_available", pidsAvailable?.amount)
        container.member("pids_available_level", pidsAvailable?.level)
        guard !unread.isEmpty else { return }
        container.member(
            "unread_limits",
            array: { list in
                for one in unread {
                    list.object { members in
                        members.member("resource", one.resource.rawValue)
                        members.member("file", one.file.name)
                        members.member("reason", one.file.cause.rawValue)
                        members.member("problem", one.file.problem)
                    }
                }
            })
    }

    /// Reads the members; nil where the vitald that wrote them does not know limits of other cgroups.
    init?(reading value: JSONValue) {
        let marks: [StaticString] = [
            "memory_percent_level", "memory_available_level", "effective_cpu_limit_level",
            "effective_swap_limit_level", "effective_pids_limit_level", "unread_limits",
        ]
        guard marks.contains(where: { value[$0] != nil }) else { return nil }
        func amount(_ key: StaticString, _ level: StaticString) -> At<Int64>? {
            guard let amount = value[key]?.integer, let level = value[level]?.string else { return nil }
            return At(amount, level)
        }
        memory = amount("effective_memory_limit_bytes", "effective_memory_limit_level")
        memoryFile = value["effective_memory_limit_file"]?.string.flatMap { MemoryFile(rawValue: $0) }
        memoryAvailable = amount("memory_available_bytes", "memory_available_level")
        memoryFill = MemoryFill(
            level: value["memory_percent_level"]?.string ?? "", file: value["memory_percent_file"],
            limit: value["memory_percent_of_bytes"],
            used: value["memory_percent_used_bytes"])
        if let count = value["effective_cpu_limit_cores"]?.double,
            let level = value["effective_cpu_limit_level"]?.string
        {
            cores = At(count, level)
        }
        if let level = value["cpu_percent_of_quota_level"]?.string,
            let count = value["cpu_percent_of_cores"]?.double,
            let percent = value["cpu_percent_of_quota"]?.double
        {
            cpuFill = CPUFill(level: level, cores: count, percent: percent)
        }
        throttledLevel = value["throttled_percent_level"]?.string
        swap = amount("effective_swap_limit_bytes", "effective_swap_limit_level")
        swapAvailable = amount("swap_available_bytes", "swap_available_level")
        pids = amount("effective_pids_limit", "effective_pids_limit_level")
        pidsAvailable = amount("pids_available", "pids_available_level")
        unread = (value["unread_limits"]?.elements ?? []).compactMap { one in
            guard let resource = one["resource"]?.string.flatMap({ Resource(rawValue: $0) }),
                let name = one["file"]?.string, let problem = one["problem"]?.string,
                let cause = one["reason"]?.string.flatMap({ Unmeasured.Cause(rawValue: $0) })
            else { return nil }
            return Unread(resource, UnreadableFile(name, cause, problem))
        }
    }
}

extension EffectiveLimits.MemoryFill {
    /// Writes the members of the container that vitald runs in, for the host's figures.
    func write(into host: inout JSONWriter) {
        host.object { container in
            container.member("memory_percent", percent)
            container.member("memory_percent_of_bytes", limit.bytes)
            container.member("memory_percent_used_bytes", used.bytes)
            container.member("memory_percent_level", level)
            container.member("memory_percent_file", file.rawValue)
        }
    }

    /// Reads what `write` wrote; nil where it is not there.
    init?(reading value: JSONValue) {
        guard let level = value["memory_percent_level"]?.string else { return nil }
        self.init(
            level: level, file: value["memory_percent_file"], limit: value["memory_percent_of_bytes"],
            used: value["memory_percent_used_bytes"])
    }

    fileprivate init?(level: String, file: JSONValue?, limit: JSONValue?, used: JSONValue?) {
        guard let file = file?.string.flatMap({ EffectiveLimits.MemoryFile(rawValue: $0) }),
            let limit = limit?.integer, let used = used?.integer
        else { return nil }
        self.init(level: level, file: file, limit: ByteCount(limit), used: ByteCount(used))
    }
}
