// SPDX-License-Identifier: Apache-2.0

package import Vitals

/// The families that every probe has, under the names of the blackbox exporter.
package enum ProbeFamilies {
    /// 1 when the last attempt passed or warned, 0 when it failed or could not be made.
    package static let success = MetricFamily(
        "probe_success", .gauge, "Whether the last attempt reached its target and got an answer.")
    /// The whole attempt.
    package static let duration = MetricFamily(
        "probe_duration_seconds", .gauge, "How long the last attempt took as a whole.")
    /// The configured deadline.
    package static let timeout = MetricFamily(
        "probe_timeout_seconds", .gauge, "The time an attempt may take as a whole.")
    /// Name resolution; 0 when no name had to be resolved.
    package static let lookup = MetricFamily(
        "probe_dns_lookup_time_seconds", .gauge, "How long resolving the name took in the last attempt.")
}

extension ProbeResult {
    /// This result with the samples that every probe has in front of its own.
    package func withCommonSeries(timeout: Duration) -> ProbeResult {
        let worked = outcome == .pass || outcome == .warn
        let lookup = phases.first { $0.phase == .resolve }?.duration ?? .zero
        var result = self
        result.series =
            [
                SeriesPoint(ProbeFamilies.success, .integer(worked ? 1 : 0), whenStale: .zero),
                SeriesPoint(ProbeFamilies.duration, .nanos(duration.nanoseconds)),
                SeriesPoint(ProbeFamilies.timeout, .nanos(timeout.nanoseconds)),
                SeriesPoint(ProbeFamilies.lookup, .nanos(lookup.nanoseconds)),
            ] + series
        return result
    }
}
