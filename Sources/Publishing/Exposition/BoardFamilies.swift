// SPDX-License-Identifier: Apache-2.0

import Vitals

/// The families that say what vitald judged; those of the probes come with their results.
enum BoardFamilies {
    static let buildInfo = MetricFamily(
        "vitald_build_info", .gauge, "Constant 1, labelled with the version of vitald.")
    static let status = MetricFamily(
        "vitald_status", .gauge, "1 for the overall status of the moment, 0 for the others.")
    static let ready = MetricFamily(
        "vitald_ready", .gauge, "1 while traffic should be sent here, as /readyz has it.")
    static let checkStatus = MetricFamily(
        "vitald_check_status", .gauge,
        "1 for the level of the check, 0 for the others; pending checks are unknown, stale ones unhealthy (degraded where not critical)."
    )
    static let checkPhase = MetricFamily(
        "vitald_check_phase", .gauge, "1 for the phase of the check, 0 for the others.")
    static let checkDuration = MetricFamily(
        "vitald_check_duration_seconds", .gauge, "Length of the last completed attempt.")
    static let checkRuns = MetricFamily(
        "vitald_check_runs_total", .counter, "Completed attempts by outcome.")
    static let checkLastRun = MetricFamily(
        "vitald_check_last_run_timestamp_seconds", .gauge, "When the last attempt completed, Unix time.")
    static let checkFailures = MetricFamily(
        "vitald_check_consecutive_failures", .gauge, "Failed attempts in a row.")
    static let probeLastRun = MetricFamily(
        "vitald_probe_last_run_timestamp_seconds", .gauge,
        "When the dependency was last probed, Unix time.")
    static let probeFailures = MetricFamily(
        "vitald_probe_consecutive_failures", .gauge, "Failed probes of the dependency in a row.")
    static let collectorSuccess = MetricFamily(
        "vitald_collector_success", .gauge, "Whether the collector could do its work for this page.")
}
