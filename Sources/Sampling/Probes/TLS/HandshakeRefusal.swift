// SPDX-License-Identifier: Apache-2.0

import NIOSSL
import Vitals

/// Why a handshake failed, as far as the first error tells; the certificates tell the rest.
enum HandshakeRefusal: Sendable, Hashable {
    /// BoringSSL found no valid chain to an authority we trust.
    case chain
    /// The chain holds, but for another name.
    case name
    /// The two sides could not agree, or the other side gave up.
    case handshake(String)

    /// Reads NIOSSL's error.
    init(_ error: any Error) {
        if let error = error as? NIOSSLExtraError {
            let aboutName =
                error == .failedToValidateHostname || error == .serverHostnameImpossibleToMatch
            self = aboutName ? .name : .handshake("the handshake could not be done")
            return
        }
        switch error {
        case NIOSSLError.handshakeFailed(.sslError(let stack)):
            if stack.contains(.eofDuringHandshake) {
                self = .handshake("the server hung up during the handshake")
                return
            }
            let words = stack.map { Array($0.description.utf8) }
            func says(_ word: String) -> Bool {
                words.contains { ByteSearch.holds(Array(word.utf8), in: $0) }
            }
            // The symbols of BoringSSL's ssl.h; its texts are never localised.
            if says("CERTIFICATE_VERIFY_FAILED") {
                self = .chain
            } else if says("WRONG_VERSION_NUMBER") || says("HTTP_REQUEST") || says("UNEXPECTED_MESSAGE") {
                self = .handshake("the answer is not TLS; does the server speak plain text on this port?")
            } else if says("UNSUPPORTED_PROTOCOL") || says("PROTOCOL_VERSION") {
                self = .handshake("the server offers no TLS version from 1.2 on")
            } else if says("ALERT") {
                self = .handshake(
                    "the server ended the handshake; does it require a client certificate (tls.certFile)?")
            } else {
                self = .handshake("the handshake failed")
            }
        default: self = .handshake("the connection broke during the handshake")
        }
    }

    /// The day of a time in seconds since 1970, at the latest 2262-04-11, where nanoseconds end.
    private static func day(_ seconds: Int64) -> Substring {
        let (nanoseconds, isBeyond) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return WallTime(nanoseconds: isBeyond ? (seconds < 0 ? .min : .max) : nanoseconds).rfc3339.prefix(10)
    }

    /// The verdict, from what the server presented: expired, then the name, then the authority.
    func failure(presented chain: [CertificateFacts], host: String, at wall: WallTime) -> ProbeFailure {
        if case .handshake(let text) = self { return ProbeFailure(.fail, "tls.handshake", text) }
        let now = wall.nanoseconds / 1_000_000_000
        for (place, certificate) in chain.enumerated() {
            let which = place == 0 ? "the certificate" : "an intermediate certificate"
            if certificate.notAfter < now {
                let day = Self.day(certificate.notAfter)
                return ProbeFailure(.fail, "tls.expired", "\(which) expired on \(day); renew it")
            }
            if certificate.notBefore > now {
                let day = Self.day(certificate.notBefore)
                return ProbeFailure(
                    .fail, "tls.not_yet_valid",
                    "\(which) is valid from \(day) on; compare the clocks of both machines")
            }
        }
        let named = chain.first.map { $0.names.isEmpty || $0.vouches(for: host) } ?? true
        if self == .name || !named {
            return ProbeFailure(
                .fail, "tls.hostname",
                "the certificate is not for \(host); if that is meant, set tls.serverName to the name it is for"
            )
        }
        if chain.isEmpty {
            return ProbeFailure(.fail, "tls.handshake", "the certificate was refused and could not be read")
        }
        return ProbeFailure(
            .fail, "tls.unknown_authority",
            "the certificate comes from an authority that this machine does not trust; name it in tls.caFile")
    }
}
