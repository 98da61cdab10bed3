// SPDX-License-Identifier: Apache-2.0

import NIOSSL
package import Vitals

/// What a handshake showed.
package struct TLSFindings: Sendable, Hashable {
    /// The chain, the server's own certificate first; with its root where the chain was verified.
    package var chain: [CertificateFacts]
    /// Whether the chain is verified, and so ends with the authority that we trust.
    package var verified: Bool
    /// `TLS 1.3`; nil where the handshake did not complete.
    package var version: String?

    /// Makes findings.
    package init(chain: [CertificateFacts], verified: Bool, version: String?) {
        self.chain = chain
        self.verified = verified
        self.version = version
    }

    /// The certificates that the server has to renew: all but the trusted authority.
    private var renewable: ArraySlice<CertificateFacts> {
        verified && chain.count > 1 ? chain.dropLast() : chain[...]
    }

    /// When the first of the server's certificates ends, in seconds since 1970.
    package var earliestExpiry: Int64? { renewable.map(\.notAfter).min() }

    /// When the chain as a whole ends, in seconds since 1970.
    package var chainExpiry: Int64? { chain.map(\.notAfter).min() }

    /// The time left at `wall`; negative once it is over.
    package func timeLeft(at wall: WallTime) -> Duration? {
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
