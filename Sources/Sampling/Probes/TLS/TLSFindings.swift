// SPDX-License-Identifier: Apache-2.0

import NIOSSL
import Vitals

/// What a handshake showed.
struct TLSFindings: Sendable, Hashable {
    /// The chain, the server's own certificate first; with its root where the chain was verified.
    var chain: [CertificateFacts]
    /// Whether the chain is verified, and so ends with the authority that we trust.
    var verified: Bool
    /// `TLS 1.3`; nil where the handshake did not complete.
    var version: String?

    /// The certificates that the server has to renew: all but the trusted authority.
    private var renewable: ArraySlice<CertificateFacts> {
        verified && chain.count > 1 ? chain.dropLast() : chain[...]
    }

    /// When the first of the server's certificates ends, in seconds since 1970.
    var earliestExpiry: Int64? { renewable.map(\.notAfter).min() }

    /// When the chain as a whole ends, in seconds since 1970.
    var chainExpiry: Int64? { chain.map(\.notAfter).min() }

    /// The time left at `wall`; negative once it is over.
    func timeLeft(at wall: WallTime) -> Duration? {
        earliestExpiry.map { .seconds($0) - .nanoseconds(wall.nanoseconds) }
    }

    /// The word for a version, as other exporters have it.
    static func word(_ version: TLSVersion) -> String {
        switch version {
        case .tlsv1: "TLS 1.0"
        case .tlsv11: "TLS 1.1"
        case .tlsv12: "TLS 1.2"
        case .tlsv13: "TLS 1.3"
        }
    }
}

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
    func worry(_ settings: TLSSettings, at wall: WallTime) -> Finding? {
        guard let left = timeLeft(at: wall) else { return nil }
        if let limit = settings.failExpiry, left < limit {
            if left <= .zero {
                return Finding(.fail, "tls.expired", "the certificate expired \(Self.days(.zero - left)) ago")
            }
            return Finding(
                .fail, "tls.expiring",
                "the certificate expires in \(Self.days(left)), the limit is \(Self.days(limit))")
        }
        if let limit = settings.warnExpiry, left < limit {
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

/// The metric families of TLS, under blackbox_exporter's names.
enum TLSFamilies {
    static let earliest = MetricFamily(
        "probe_ssl_earliest_cert_expiry", .gauge,
        "When the first certificate of the server's chain expires, in seconds since 1970.")
    static let lastChain = MetricFamily(
        "probe_ssl_last_chain_expiry_timestamp_seconds", .gauge,
        "When the certificate chain as a whole expires, in seconds since 1970.")
    static let version = MetricFamily(
        "probe_tls_version_info", .gauge, "The TLS version that was agreed on; always 1.")
}
