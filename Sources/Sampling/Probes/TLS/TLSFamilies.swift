// SPDX-License-Identifier: Apache-2.0

import Vitals

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
