// SPDX-License-Identifier: Apache-2.0

import Outbound
import Vitals

extension TLSFindings {
    /// The facts for JSON answers.
    func facts(at wall: WallTime) -> [Fact] {
        var facts: [Fact] = []
        if let version { facts.append(Fact("tls_version", .text(version))) }
        if let left = timeLeft(at: wall) {
            facts.append(Fact("tls_expires_days", .integer(Int64((left.seconds / 86_400).rounded(.down)))))
        }
        return facts
    }

    /// The samples for the page.
    var series: [SeriesPoint] {
        var points: [SeriesPoint] = []
        if let earliestExpiry { points.append(SeriesPoint(TLSFamilies.earliest, .integer(earliestExpiry))) }
        if let chainExpiry { points.append(SeriesPoint(TLSFamilies.lastChain, .integer(chainExpiry))) }
        if let version {
            points.append(SeriesPoint(TLSFamilies.version, .integer(1), labels: [("version", version)]))
        }
        return points
    }

    /// What there is to say about the time left; nil where it is long enough.
    func worry(_ limits: ExpiryLimits, at wall: WallTime) -> Finding? {
        guard let left = timeLeft(at: wall) else { return nil }
        if let limit = limits.fail, left < limit {
            if left <= .zero {
                return Finding(.fail, "tls.expired", "the certificate expired \(Self.days(.zero - left)) ago")
            }
            return Finding(
                .fail, "tls.expiring",
                "the certificate expires in \(Self.days(left)), the limit is \(Self.days(limit))")
        }
        if let limit = limits.warn, left < limit {
            return Finding(
                .warn, "tls.expiring",
                "the certificate expires in \(Self.days(left)), the limit is \(Self.days(limit))")
        }
        return nil
    }

    private static func days(_ duration: Duration) -> String {
        let hours = duration.nanoseconds / 3_600_000_000_000
        if hours < 48 { return hours == 1 ? "1 hour" : "\(hours) hours" }
        return "\(hours / 24) days"
    }
}
