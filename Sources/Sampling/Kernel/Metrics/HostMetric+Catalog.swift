// SPDX-License-Identifier: Apache-2.0

import Glibc
import Vitals

extension HostMetric {
    /// Every metric of the host, under node_exporter's names, and of vitald's process, in the order of the page.
    static let all: [HostMetric] = machine + node + process

    private static let machine: [HostMetric] = [
        .init(
            "machine_cpu_cores", .gauge, .one { $0.figures.cores.map { .integer(Int64($0)) } }, always: true,
            "Online processors."),
        .init("machine_memory_bytes", .gauge, .machineMemory, always: true, "Memory of the machine."),
    ]

    private static let node: [HostMetric] = [
        .init("node_cpu_seconds_total", .counter, .processors, "Time the processors spent in each mode."),
        .init(
            "node_memory_MemTotal_bytes", .gauge, .one { bytes($0.memory.total) },
            "Memory information field MemTotal."),
        .init(
            "node_memory_MemFree_bytes", .gauge, .one { bytes($0.memory.free) },
            "Memory information field MemFree."),
        .init(
            "node_memory_MemAvailable_bytes", .gauge, .one { bytes($0.memory.available) },
            "Memory information field MemAvailable."),
        .init(
            "node_memory_Buffers_bytes", .gauge, .one { bytes($0.memory.buffers) },
            "Memory information field Buffers."),
        .init(
            "node_memory_Cached_bytes", .gauge, .one { bytes($0.memory.cached) },
            "Memory information field Cached."),
        .init(
            "node_memory_SwapTotal_bytes", .gauge, .one { bytes($0.memory.swapTotal) },
            "Memory information field SwapTotal."),
        .init(
            "node_memory_SwapFree_bytes", .gauge, .one { bytes($0.memory.swapFree) },
            "Memory information field SwapFree."),
        .init("node_load1", .gauge, .one { load($0, 0) }, "Load average of 1 minute."),
        .init("node_load5", .gauge, .one { load($0, 1) }, "Load average of 5 minutes."),
        .init("node_load15", .gauge, .one { load($0, 2) }, "Load average of 15 minutes."),
        .init(
            "node_pressure_cpu_waiting_seconds_total", .counter, .one { micros($0.pressure[0]?.some) },
            "Time in which some task waited for CPU."),
        .init(
            "node_pressure_cpu_stalled_seconds_total", .counter, .one { micros($0.pressure[0]?.full) },
            "Time in which all tasks waited for CPU."),
        .init(
            "node_pressure_memory_waiting_seconds_total", .counter, .one { micros($0.pressure[1]?.some) },
            "Time in which some task waited for memory."),
        .init(
            "node_pressure_memory_stalled_seconds_total", .counter, .one { micros($0.pressure[1]?.full) },
            "Time in which all tasks waited for memory."),
        .init(
            "node_pressure_io_waiting_seconds_total", .counter, .one { micros($0.pressure[2]?.some) },
            "Time in which some task waited for IO."),
        .init(
            "node_pressure_io_stalled_seconds_total", .counter, .one { micros($0.pressure[2]?.full) },
            "Time in which all tasks waited for IO."),
        .init("node_filesystem_size_bytes", .gauge, .filesystem { $0.size }, "Size of the file system."),
        .init(
            "node_filesystem_avail_bytes", .gauge, .filesystem { $0.available },
            "Space that unprivileged users can use."),
        .init("node_filesystem_free_bytes", .gauge, .filesystem { $0.free }, "Free space."),
        .init("node_filesystem_files", .gauge, .filesystem { $0.files }, "Inodes of the file system."),
        .init("node_filesystem_files_free", .gauge, .filesystem { $0.filesFree }, "Free inodes."),
        .init(
            "node_network_receive_bytes_total", .counter, .interface { $0.receivedBytes }, "Bytes received."),
        .init(
            "node_network_receive_packets_total", .counter, .interface { $0.receivedPackets },
            "Packets received."),
        .init(
            "node_network_receive_errs_total", .counter, .interface { $0.receivedErrors },
            "Errors while receiving."),
        .init(
            "node_network_receive_drop_total", .counter, .interface { $0.receivedDropped },
            "Received packets dropped."),
        .init(
            "node_network_transmit_bytes_total", .counter, .interface { $0.transmittedBytes },
            "Bytes transmitted."),
        .init(
            "node_network_transmit_packets_total", .counter, .interface { $0.transmittedPackets },
            "Packets transmitted."),
        .init(
            "node_network_transmit_errs_total", .counter, .interface { $0.transmittedErrors },
            "Errors while transmitting."),
        .init(
            "node_network_transmit_drop_total", .counter, .interface { $0.transmittedDropped },
            "Packets dropped before transmission."),
        .init(
            "node_boot_time_seconds", .gauge, .one { bytes($0.bootTime) },
            "Start of the machine since the Unix epoch."),
        .init(
            "node_context_switches_total", .counter, .one { bytes($0.processors.contextSwitches) },
            "Context switches."),
        .init(
            "node_forks_total", .counter, .one { bytes($0.processors.forks) }, "Processes and threads made."),
        .init("node_procs_running", .gauge, .one { bytes($0.processors.running) }, "Processes that can run."),
        .init(
            "node_procs_blocked", .gauge, .one { bytes($0.processors.blocked) }, "Processes that wait for IO."
        ),
        .init(
            "node_vmstat_oom_kill", .untyped, .one { bytes($0.oomKills) },
            "Processes killed by the OOM killer."),
        .init("node_uname_info", .gauge, .uname, "What uname(2) says; always 1."),
    ]

    private static let process: [HostMetric] = [
        .init(
            "process_cpu_seconds_total", .counter,
            .one { ticks($0.process.map { $0.stat.userTicks &+ $0.stat.systemTicks }) }, always: true,
            "CPU time that vitald used."),
        .init(
            "process_open_fds", .gauge, .one { bytes($0.process?.openDescriptors) }, always: true,
            "File descriptors that vitald has open."),
        .init(
            "process_max_fds", .gauge, .one { limit($0.process?.limits?.openFiles) }, always: true,
            "The most file descriptors that vitald may open."),
        .init(
            "process_virtual_memory_bytes", .gauge, .one { bytes($0.process?.stat.virtualBytes) },
            always: true, "Virtual memory of vitald."),
        .init(
            "process_virtual_memory_max_bytes", .gauge, .one { limit($0.process?.limits?.addressSpace) },
            always: true, "The most virtual memory that vitald may have, -1 for no limit."),
        .init(
            "process_resident_memory_bytes", .gauge,
            .one { bytes($0.process.map { $0.stat.residentPages &* pageSize }) }, always: true,
            "Resident memory of vitald."),
        .init(
            "process_start_time_seconds", .gauge, .one { started($0) }, always: true,
            "Start of vitald since the Unix epoch."),
    ]

    private static let pageSize = Int64(sysconf(Int32(_SC_PAGESIZE)))

    private static func bytes(_ n: Int64?) -> MetricValue? { n.map { .integer($0) } }

    private static func micros(_ n: Int64?) -> MetricValue? { n.map { .micros($0) } }

    private static func ticks(_ n: Int64?) -> MetricValue? {
        n.map { .micros($0 &* (1_000_000 / ProcessStat.ticksPerSecond)) }
    }

    private static func limit(_ n: Int64?) -> MetricValue? {
        n.map { .integer($0 == FigureRow.unlimited ? -1 : $0) }
    }

    private static func load(_ host: HostSampler, _ index: Int) -> MetricValue? {
        host.load.map { .micros($0.hundredths[index] &* 10_000) }
    }

    private static func started(_ host: HostSampler) -> MetricValue? {
        guard let process = host.process, let boot = host.bootTime else { return nil }
        return .micros(
            boot &* 1_000_000 &+ process.stat.startTicks &* (1_000_000 / ProcessStat.ticksPerSecond))
    }
}
