// SPDX-License-Identifier: Apache-2.0

package import Vitals

/// The families by which vitald counts what it does itself.
package enum OwnFamilies {
    /// Version and toolchain, as labels; the value is 1.
    package static let buildInfo = MetricFamily(
        "vitald_build_info", .gauge, "The running vitald: its version, as labels; always 1.")
    /// Whether the last reload was taken.
    package static let reloadSuccessful = MetricFamily(
        "vitald_config_last_reload_successful", .gauge,
        "Whether the last configuration that was offered is in force (1) or was refused (0).")
    /// When the configuration in force was loaded.
    package static let reloadTimestamp = MetricFamily(
        "vitald_config_last_reload_timestamp_seconds", .gauge,
        "When the configuration in force was loaded, in seconds since the epoch.")
    /// What the watchdog saw stand still.
    package static let watchdogMisses = MetricFamily(
        "vitald_watchdog_misses_total", .counter,
        "How often the watchdog found a part of vitald without progress.")
    /// What was dropped, and why.
    package static let dropped = MetricFamily(
        "vitald_dropped_total", .counter, "What vitald had to drop, by what it was and why.")
    /// Event streams over HTTP.
    package static let streams = MetricFamily(
        "vitald_http_streams", .gauge, "Open event streams over HTTP.")
    /// Whether a listening socket accepts.
    package static let listenerUp = MetricFamily(
        "vitald_listener_up", .gauge,
        "Whether a listening socket accepts connections (1), or is paused or closed (0).")
    /// Failures of accept(2).
    package static let acceptErrors = MetricFamily(
        "vitald_accept_errors_total", .counter,
        "Connections that could not be accepted, by listening socket and error of accept(2).")
}
