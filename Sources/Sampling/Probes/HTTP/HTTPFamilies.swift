// SPDX-License-Identifier: Apache-2.0

import Outbound
import Vitals

/// The metric families of http checks, under blackbox_exporter's names.
enum HTTPFamilies {
    static let status = MetricFamily(
        "probe_http_status_code", .gauge, "The status code of the last answer; 0 when there was none.")
    static let version = MetricFamily(
        "probe_http_version", .gauge, "The HTTP version of the last answer; 0 when there was none.")
    static let redirects = MetricFamily(
        "probe_http_redirects", .gauge, "Redirects followed in the last attempt.")
    static let length = MetricFamily(
        "probe_http_content_length", .gauge,
        "The length that the last answer declared, in bytes; -1 if unknown.")
    static let ssl = MetricFamily(
        "probe_http_ssl", .gauge, "Whether the last answer came over TLS.")
    static let duration = MetricFamily(
        "probe_http_duration_seconds", .gauge,
        "How long each phase of the last attempt took; 0 for a phase that did not happen.")
    static let regex = MetricFamily(
        "probe_failed_due_to_regex", .gauge,
        "Whether the last attempt failed because of the expected pattern.")

    /// The samples of one attempt. All families are always there, so that no query meets a gap.
    static func series(
        _ answer: HTTPAnswer?, patternFound: Bool? = nil, phases: [PhaseTiming], redirects: Int, overTLS: Bool
    ) -> [SeriesPoint] {
        let version = answer?.version ?? 0
        var points = [
            SeriesPoint(status, .integer(Int64(answer?.status ?? 0))),
            SeriesPoint(self.version, .double(version)),
            SeriesPoint(self.redirects, .integer(Int64(redirects))),
            SeriesPoint(length, .integer(answer?.declaredLength ?? -1)),
            SeriesPoint(ssl, .integer(overTLS ? 1 : 0)),
        ]
        for phase in [ProbePhase.resolve, .connect, .tls, .processing, .transfer] {
            let spent = phases.first { $0.phase == phase }?.duration ?? .zero
            points.append(
                SeriesPoint(duration, .nanos(spent.nanoseconds), labels: [("phase", phase.word)]))
        }
        points.append(SeriesPoint(regex, .integer(patternFound == false ? 1 : 0)))
        return points
    }
}
