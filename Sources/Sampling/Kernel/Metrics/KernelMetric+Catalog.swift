// SPDX-License-Identifier: Apache-2.0

import Vitals

extension KernelMetric {
    /// Every container metric, in the order of the page. One metric is one line; a figure that the kernel does
    /// not give is a sample that is not there, never a zero.
    static let all: [KernelMetric] = cpu + memory + io + life + pressure + network + bounds

    private static let cpu: [KernelMetric] = [
        .init("container_cpu_usage_seconds_total", .counter, .cpuUsage, .micros, .cpuTotal, "CPU time used."),
        .init("container_cpu_user_seconds_total", .counter, .cpuUser, .micros, "CPU time used in user mode."),
        .init(
            "container_cpu_system_seconds_total", .counter, .cpuSystem, .micros,
            "CPU time used in kernel mode."),
        .init(
            "container_cpu_cfs_periods_total", .counter, .periods,
            "Enforcement periods that elapsed under the CPU quota."),
        .init(
            "container_cpu_cfs_throttled_periods_total", .counter, .throttledPeriods,
            "Enforcement periods in which the CPU quota ran out."),
        .init(
            "container_cpu_cfs_throttled_seconds_total", .counter, .throttledTime, .micros,
            "Time throttled by the CPU quota."),
        .init(
            "container_cpu_cfs_burst_periods_total", .counter, .bursts,
            "Enforcement periods in which saved quota was used."),
        .init(
            "container_cpu_cfs_burst_seconds_total", .counter, .burstTime, .micros,
            "CPU time used above the quota from saved quota."),
        .init(
            "container_spec_cpu_period", .gauge, .cpuPeriod,
            "Length of an enforcement period in microseconds."),
        .init(
            "container_spec_cpu_quota", .gauge, .cpuQuota, .quota,
            "CPU time allowed in each period in microseconds."),
        .init(
            "container_spec_cpu_shares", .gauge, .cpuShares, "CPU weight on the scale of cgroup v1 shares."),
        .init(
            "container_spec_cpu_weight", .gauge, .cpuWeight, "CPU weight as the kernel has it, 1 to 10000."),
    ]

    private static let memory: [KernelMetric] = [
        .init("container_memory_usage_bytes", .gauge, .memory, "Memory in use, page cache included."),
        .init(
            "container_memory_working_set_bytes", .gauge, .workingSet,
            "Memory in use less inactive page cache."),
        .init("container_memory_rss", .gauge, .anon, "Anonymous memory in bytes."),
        .init("container_memory_cache", .gauge, .file, "Page cache in bytes."),
        .init("container_memory_mapped_file", .gauge, .fileMapped, "Mapped files in bytes."),
        .init("container_memory_swap", .gauge, .swap, "Swap in use in bytes."),
        .init(
            "container_memory_max_usage_bytes", .gauge, .memoryPeak, "The most memory that was ever in use."),
        .init("container_memory_failcnt", .counter, .eventsMax, "How often memory ran into its limit."),
        .init("container_memory_kernel_usage", .gauge, .kernel, "Kernel memory in bytes."),
        .init("container_memory_total_active_file_bytes", .gauge, .activeFile, "Active page cache."),
        .init("container_memory_total_inactive_file_bytes", .gauge, .inactiveFile, "Inactive page cache."),
        .init(
            "container_memory_failures_total", .counter,
            .figures([
                (.pageFaults, .faultContainer), (.pageFaults, .faultHierarchy),
                (.majorPageFaults, .majorFaultContainer), (.majorPageFaults, .majorFaultHierarchy),
            ]), "Page faults."),
        .init(
            "container_memory_events_low_total", .counter, .eventsLow,
            "How often protected memory was reclaimed."),
        .init(
            "container_memory_events_high_total", .counter, .eventsHigh,
            "How often memory ran over memory.high."),
        .init(
            "container_memory_events_max_total", .counter, .eventsMax,
            "How often memory was about to run over memory.max."),
        .init(
            "container_memory_events_oom_total", .counter, .eventsOOM,
            "How often the memory limit could not be met by reclaiming."),
        .init(
            "container_memory_events_oom_kill_total", .counter, .eventsOOMKill,
            "Processes killed by the OOM killer."),
        .init(
            "container_memory_events_oom_group_kill_total", .counter, .eventsOOMGroupKill,
            "How often the OOM killer killed the whole group."),
        .init("container_oom_events_total", .counter, .eventsOOMKill, "Processes killed by the OOM killer."),
        .init("container_memory_file_dirty_bytes", .gauge, .fileDirty, "Page cache that is not yet written."),
        .init(
            "container_memory_file_writeback_bytes", .gauge, .fileWriteback,
            "Page cache that is being written."),
        .init("container_memory_pgscan_total", .counter, .pagesScanned, "Pages scanned for reclaim."),
        .init("container_memory_pgsteal_total", .counter, .pagesStolen, "Pages reclaimed."),
        .init(
            "container_memory_workingset_refault_file_total", .counter, .refaultFile,
            "Page cache read again soon after its eviction, in pages."),
        .init(
            "container_memory_workingset_refault_anon_total", .counter, .refaultAnon,
            "Anonymous pages read again soon after their eviction."),
        .init("container_spec_memory_limit_bytes", .gauge, .memoryLimit, .limit, "Memory limit, 0 for none."),
        .init(
            "container_spec_memory_swap_limit_bytes", .gauge, .swapLimit, .limit,
            "Swap limit without memory, 0 for none."),
        .init(
            "container_spec_memory_reservation_limit_bytes", .gauge, .memoryLow, .limit,
            "Memory that is protected from reclaim (memory.low)."),
    ]

    private static let io: [KernelMetric] = [
        .init(
            "container_fs_reads_bytes_total", .counter, .device { $0.readBytes },
            "Bytes read from the device."),
        .init(
            "container_fs_writes_bytes_total", .counter, .device { $0.writtenBytes },
            "Bytes written to the device."),
        .init("container_fs_reads_total", .counter, .device { $0.reads }, "Reads from the device."),
        .init("container_fs_writes_total", .counter, .device { $0.writes }, "Writes to the device."),
        .init(
            "container_blkio_device_usage_total", .counter, .deviceOperations,
            "Bytes by device and operation."),
        .init(
            "container_fs_io_cost_usage_seconds_total", .counter, .device { $0.costUsage }, .micros,
            "Device time charged by the io.cost controller."),
        .init(
            "container_fs_io_cost_wait_seconds_total", .counter, .device { $0.costWait }, .micros,
            "Time waited for the io.cost controller."),
        .init(
            "container_fs_io_cost_indebt_seconds_total", .counter, .device { $0.costIndebt }, .micros,
            "Time in debt to the io.cost controller."),
        .init(
            "container_fs_io_cost_indelay_seconds_total", .counter, .device { $0.costIndelay }, .micros,
            "Time delayed by the io.cost controller."),
        .init(
            "container_fs_usage_bytes", .gauge, .filesystem { $0.size &- $0.free },
            "Space used on the file system that the root lies on, by whomever."),
        .init(
            "container_fs_limit_bytes", .gauge, .filesystem { $0.size },
            "Size of the file system that the root lies on."),
        .init(
            "container_fs_inodes_free", .gauge, .filesystem { $0.files > 0 ? $0.filesFree : nil },
            "Free inodes of the file system that the root lies on."),
        .init(
            "container_fs_inodes_total", .gauge, .filesystem { $0.files > 0 ? $0.files : nil },
            "Inodes of the file system that the root lies on."),
    ]

    private static let life: [KernelMetric] = [
        .init(
            "container_processes", .gauge, .processes, "Processes in the container, child cgroups included."),
        .init("container_threads", .gauge, .threads, "Threads in the container."),
        .init(
            "container_threads_max", .gauge, .threadsMax, .limit, "The most threads allowed, 0 for no limit."),
        .init(
            "container_file_descriptors", .gauge, .descriptors,
            "Open files of all processes of the container, child cgroups included."),
        .init(
            "container_sockets", .gauge, .sockets,
            "Open sockets of all processes of the container, child cgroups included."),
        .init(
            "container_ulimits_soft", .gauge, .openFilesMax, .ulimit, .openFiles,
            "Soft limits of the main process, -1 for none."),
        .init(
            "container_start_time_seconds", .gauge, .started, .micros,
            "Start of the oldest process since the Unix epoch."),
        .init(
            "container_creation_time_seconds", .gauge, .created, .micros,
            "Making of the cgroup since the Unix epoch."),
        .init(
            "container_last_seen", .gauge, .seen, .micros,
            "When the container was last read since the Unix epoch."),
    ]

    private static let pressure: [KernelMetric] = [
        .init(
            "container_pressure_cpu_waiting_seconds_total", .counter, .cpuWaiting, .micros,
            "Time in which some task waited for CPU."),
        .init(
            "container_pressure_cpu_stalled_seconds_total", .counter, .cpuStalled, .micros,
            "Time in which all tasks waited for CPU."),
        .init(
            "container_pressure_memory_waiting_seconds_total", .counter, .memoryWaiting, .micros,
            "Time in which some task waited for memory."),
        .init(
            "container_pressure_memory_stalled_seconds_total", .counter, .memoryStalled, .micros,
            "Time in which all tasks waited for memory."),
        .init(
            "container_pressure_io_waiting_seconds_total", .counter, .ioWaiting, .micros,
            "Time in which some task waited for IO."),
        .init(
            "container_pressure_io_stalled_seconds_total", .counter, .ioStalled, .micros,
            "Time in which all tasks waited for IO."),
    ]

    private static let network: [KernelMetric] = [
        .init(
            "container_network_receive_bytes_total", .counter, .interface { $0.receivedBytes },
            "Bytes received."),
        .init(
            "container_network_receive_packets_total", .counter, .interface { $0.receivedPackets },
            "Packets received."),
        .init(
            "container_network_receive_packets_dropped_total", .counter, .interface { $0.receivedDropped },
            "Received packets dropped."),
        .init(
            "container_network_receive_errors_total", .counter, .interface { $0.receivedErrors },
            "Errors while receiving."),
        .init(
            "container_network_transmit_bytes_total", .counter, .interface { $0.transmittedBytes },
            "Bytes transmitted."),
        .init(
            "container_network_transmit_packets_total", .counter, .interface { $0.transmittedPackets },
            "Packets transmitted."),
        .init(
            "container_network_transmit_packets_dropped_total", .counter,
            .interface { $0.transmittedDropped }, "Packets dropped before transmission."),
        .init(
            "container_network_transmit_errors_total", .counter, .interface { $0.transmittedErrors },
            "Errors while transmitting."),
    ]

    private static let bounds: [KernelMetric] = [
        .init(
            "vitald_container_effective_memory_limit_bytes", .gauge,
            .bound { bounds, _ in
                guard let memory = bounds.memory, !bounds.unread.contains(.memory) else { return nil }
                return (.integer(memory.limit), memory.node)
            }, "The smallest memory.max or memory.high up to the root, with the cgroup that sets it."),
        .init(
            "vitald_container_effective_cpu_limit_cores", .gauge,
            .bound { bounds, _ in
                guard let quota = bounds.quota, !bounds.unread.contains(.cpu) else { return nil }
                return (.double(quota.cores), quota.node)
            }, "The smallest CPU quota up to the root in cores, with the cgroup that sets it."),
        .init(
            "vitald_container_memory_available_bytes", .gauge,
            .bound { bounds, hostAvailable in
                bounds.available(onHost: hostAvailable).map { (.integer($0.amount), $0.node) }
            },
            "The least memory available at any level up to the root without swap, with the cgroup that limits it, or host."
        ),
    ]
}
