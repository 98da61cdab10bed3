// SPDX-License-Identifier: Apache-2.0

/// How a metrics page is spelled on the wire.
package enum PageFormat: Sendable, Hashable, CaseIterable {
    /// Prometheus' text format 0.0.4.
    case text
    /// OpenMetrics 1.0.0.
    case openMetrics
    /// OpenMetrics for clients that name no version, which means 0.0.1. The page is the same as 1.0.0, only
    /// the media type says what was asked for, as Prometheus' own client libraries do it.
    case openMetricsDraft

    /// Whether the rules of OpenMetrics hold (`# EOF`, counters named without `_total`).
    package var isOpenMetrics: Bool { self != .text }

    /// The media type. Prometheus 3 refuses a page that has none.
    package var contentType: String {
        switch self {
        case .text: "text/plain; version=0.0.4; charset=utf-8; escaping=underscores"
        case .openMetrics:
            "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores"
        case .openMetricsDraft:
            "application/openmetrics-text; version=0.0.1; charset=utf-8; escaping=underscores"
        }
    }
}
