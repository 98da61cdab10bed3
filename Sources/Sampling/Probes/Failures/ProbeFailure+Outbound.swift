// SPDX-License-Identifier: Apache-2.0

import Outbound
import Vitals

extension ProbeFailure {
    /// What an error of a connection means, opened or not, of a plan.
    init(_ error: DialError, _ plan: Dial.Plan, at wall: WallTime) {
        let place = plan.endpoint.text
        switch error {
        case .resolving(let failure): self.init(failure.outcome, failure.reason, failure.message)
        case .linkLocal(let host):
            self.init(
                .fail, "dns.link_local",
                "the name \(host) leads to a link-local address, which is refused; if that is meant, write the address itself"
            )
        case .noThread: self = .threadless
        case .kernel(let code): self.init(errno: code, place: place)
        case .timeout: self.init(.fail, "timeout.connect", "\(place) did not answer the connection")
        case .tlsFiles(let error): self.init(error)
        case .handshake(let failure): self.init(failure, host: plan.expectedName, at: wall)
        case .tlsEnded:
            self.init(
                .fail, "tls.handshake",
                "\(place) ended TLS after the handshake; does it need a client certificate (tls.certFile)?")
        case .closed: self.init(.fail, "closed", "\(place) closed the connection")
        }
    }

    /// What an error of an HTTP exchange means.
    init(_ error: HTTPError, _ plan: Dial.Plan, at wall: WallTime) {
        let place = plan.endpoint.text
        switch error {
        case .connection(let error): self.init(error, plan, at: wall)
        case .ended(let hasBegun):
            self.init(
                .fail, "closed",
                hasBegun
                    ? "\(place) closed the connection in the middle of its answer"
                    : "\(place) closed the connection without an answer")
        case .headTooLong: self.init(.fail, "http.headers", "the answer's head is longer than 64 KiB")
        case .malformed:
            self.init(.fail, "http.malformed", "\(place) answered something that is not correct HTTP/1.1")
        case .tooManyRedirects(let count):
            self.init(
                .fail, "http.redirect", "redirects again after \(count) redirects, which is the limit")
        case .foreignRedirect:
            self.init(
                .fail, "http.redirect",
                "redirects to another origin, which is not followed; write the final URL into the configuration"
            )
        }
    }

    private init(_ error: TLSFilesError) {
        switch error {
        case .descriptors(let code): self.init(errno: code, place: "")
        case .unreadable:
            self.init(
                .unknown, "inconclusive.tls_files",
                "the files named in `tls` can no longer be read; check their paths and modes")
        case .identity(let fact, let remedy):
            self.init(
                .unknown, "inconclusive.tls_files",
                "the files tls.certFile and tls.keyFile \(fact). \(remedy)")
        }
    }

    /// The verdict on a handshake, from what the server presented: expired, then the name, then the authority.
    private init(_ failure: HandshakeFailure, host: String, at wall: WallTime) {
        self = Self.verdict(failure, host: host, at: wall)
        tls = failure.findings
    }

    private static func verdict(_ failure: HandshakeFailure, host: String, at wall: WallTime) -> ProbeFailure
    {
        if let text = failure.refusal.text { return ProbeFailure(.fail, "tls.handshake", text) }
        let now = wall.nanoseconds / 1_000_000_000
        for (place, certificate) in failure.presented.enumerated() {
            let which = place == 0 ? "the certificate" : "an intermediate certificate"
            if certificate.notAfter < now {
                return ProbeFailure(
                    .fail, "tls.expired", "\(which) expired on \(day(certificate.notAfter)); renew it")
            }
            if certificate.notBefore > now {
                return ProbeFailure(
                    .fail, "tls.not_yet_valid",
                    "\(which) is valid from \(day(certificate.notBefore)) on; compare the clocks of both machines"
                )
            }
        }
        let named = failure.presented.first.map { $0.names.isEmpty || $0.vouches(for: host) } ?? true
        if failure.refusal == .name || !named {
            return ProbeFailure(
                .fail, "tls.hostname",
                "the certificate is not for \(host); if that is meant, set tls.serverName to the name it is for"
            )
        }
        if failure.presented.isEmpty {
            return ProbeFailure(.fail, "tls.handshake", "the certificate was refused and could not be read")
        }
        return ProbeFailure(
            .fail, "tls.unknown_authority",
            "the certificate comes from an authority that this machine does not trust; name it in tls.caFile")
    }

    /// The day of a time in seconds since 1970, at the latest 2262-04-11, where nanoseconds end.
    private static func day(_ seconds: Int64) -> Substring {
        let (nanoseconds, isBeyond) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return WallTime(nanoseconds: isBeyond ? (seconds < 0 ? .min : .max) : nanoseconds).rfc3339.prefix(10)
    }
}

extension HandshakeRefusal {
    /// The sentence of a refusal that no certificate explains; nil for those that one does.
    fileprivate var text: String? {
        switch self {
        case .chain, .name: nil
        case .hangUp: "the server hung up during the handshake"
        case .notTLS: "the answer is not TLS; does the server speak plain text on this port?"
        case .version: "the server offers no TLS version from 1.2 on"
        case .alert: "the server ended the handshake; does it require a client certificate (tls.certFile)?"
        case .broken: "the connection broke during the handshake"
        case .failed: "the handshake failed"
        case .impossible: "the handshake could not be done"
        }
    }
}
