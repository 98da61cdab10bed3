// SPDX-License-Identifier: Apache-2.0

import Testing
import Vitals

@testable import Sampling

@Suite("The names that dashboards use")
struct CatalogTests {
    /// Every container family that is promised, counters first.
    static let counters: Set<String> = [
        "container_cpu_usage_seconds_total", "container_cpu_user_seconds_total",
        "container_cpu_system_seconds_total", "container_cpu_cfs_periods_total",
        "container_cpu_cfs_throttled_periods_total", "container_cpu_cfs_throttled_seconds_total",
        "container_cpu_cfs_burst_periods_total", "container_cpu_cfs_burst_seconds_total",
        "container_memory_failcnt", "container_memory_failures_total", "container_memory_events_low_total",
        "container_memory_events_high_total", "container_memory_events_max_total",
        "container_memory_events_oom_total", "container_memory_events_oom_kill_total",
        "container_memory_events_oom_group_kill_total", "container_oom_events_total",
        "container_memory_pgscan_total", "container_memory_pgsteal_total",
        "container_memory_workingset_refault_file_total", "container_memory_workingset_refault_anon_total",
        "container_fs_reads_bytes_total", "container_fs_writes_bytes_total", "container_fs_reads_total",
        "container_fs_writes_total", "container_blkio_device_usage_total",
        "container_fs_io_cost_usage_seconds_total", "container_fs_io_cost_wait_seconds_total",
        "container_fs_io_cost_indebt_seconds_total", "container_fs_io_cost_indelay_seconds_total",
        "container_pressure_cpu_waiting_seconds_total", "container_pressure_cpu_stalled_seconds_total",
        "container_pressure_memory_waiting_seconds_total", "container_pressure_memory_stalled_seconds_total",
        "container_pressure_io_waiting_seconds_total", "container_pressure_io_stalled_seconds_total",
        "container_network_receive_bytes_total", "container_network_receive_packets_total",
        "container_network_receive_packets_dropped_total", "container_network_receive_errors_total",
        "container_network_transmit_bytes_total", "container_network_transmit_packets_total",
        "container_network_transmit_packets_dropped_total", "container_network_transmit_errors_total",
    ]

    static let gauges: Set<String> = [
        "container_spec_cpu_period", "container_spec_cpu_quota", "container_spec_cpu_shares",
        "container_spec_cpu_weight", "container_memory_usage_bytes", "container_memory_working_set_bytes",
        "container_memory_rss", "container_memory_cache", "container_memory_mapped_file",
        "container_memory_swap", "container_memory_max_usage_bytes", "container_memory_kernel_usage",
        "container_memory_total_active_file_bytes", "container_memory_total_inactive_file_bytes",
        "container_memory_file_dirty_bytes", "container_memory_file_writeback_bytes",
        "container_spec_memory_limit_bytes", "container_spec_memory_swap_limit_bytes",
        "container_spec_memory_reservation_limit_bytes", "container_processes", "container_threads",
        "container_threads_max", "container_ulimits_soft", "container_start_time_seconds",
        "container_creation_time_seconds", "container_last_seen", "container_file_descriptors",
        "container_sockets", "container_fs_usage_bytes", "container_fs_limit_bytes",
        "container_fs_inodes_free", "container_fs_inodes_total",
        "vitald_container_effective_memory_limit_bytes", "vitald_container_effective_cpu_limit_cores",
        "vitald_container_memory_available_bytes",
    ]

    static let host: Set<String> = [
        "machine_cpu_cores", "machine_memory_bytes", "node_cpu_seconds_total", "node_memory_MemTotal_bytes",
        "node_memory_MemFree_bytes", "node_memory_MemAvailable_bytes", "node_memory_Buffers_bytes",
        "node_memory_Cached_bytes", "node_memory_SwapTotal_bytes", "node_memory_SwapFree_bytes", "node_load1",
        "node_load5", "node_load15", "node_pressure_cpu_waiting_seconds_total",
        "node_pressure_cpu_stalled_seconds_total", "node_pressure_memory_waiting_seconds_total",
        "node_pressure_memory_stalled_seconds_total", "node_pressure_io_waiting_seconds_total",
        "node_pressure_io_stalled_seconds_total", "node_filesystem_size_bytes", "node_filesystem_avail_bytes",
        "node_filesystem_free_bytes", "node_filesystem_files", "node_filesystem_files_free",
        "node_network_receive_bytes_total", "node_network_receive_packets_total",
        "node_network_receive_errs_total", "node_network_receive_drop_total",
        "node_network_transmit_bytes_total", "node_network_transmit_packets_total",
        "node_network_transmit_errs_total", "node_network_transmit_drop_total", "node_boot_time_seconds",
        "node_context_switches_total", "node_forks_total", "node_procs_running", "node_procs_blocked",
        "node_vmstat_oom_kill", "node_uname_info", "process_cpu_seconds_total", "process_open_fds",
        "process_max_fds", "process_virtual_memory_bytes", "process_virtual_memory_max_bytes",
        "process_resident_memory_bytes", "process_start_time_seconds",
    ]

    @Test("every promised container family is in the catalog with its type, and no other")
    func containers() {
        let made = Dictionary(grouping: KernelMetric.all, by: \.family.kind)
            .mapValues { Set($0.map(\.family.name)) }

        #expect(made[.counter] == Self.counters)
        #expect(made[.gauge] == Self.gauges)
        #expect(KernelMetric.all.count == Self.counters.count + Self.gauges.count)
    }

    @Test("every promised host family is in the catalog, and no other")
    func hostFamilies() {
        #expect(Set(HostMetric.all.map(\.family.name)) == Self.host)
        #expect(HostMetric.all.count == Self.host.count)
    }

    @Test("every family explains itself, and counters are named as such")
    func manners() {
        for family in KernelMetric.all.map(\.family) + HostMetric.all.map(\.family) {
            #expect(family.help.hasSuffix("."), "\(family.name)")
            if family.kind == .counter, family.name != "container_memory_failcnt" {
                #expect(family.name.hasSuffix("_total"), "\(family.name)")
            }
        }
    }

    @Test("every file of the catalog fills its own columns alone")
    func files() {
        #expect(ContainerFile.all.count == 19)
        #expect("\(ContainerFile.all[ContainerFile.cpuStat].name)" == "cpu.stat")
    }
}
