// SPDX-License-Identifier: Apache-2.0

import NIOHTTP1
import Vitals

/// Who may change something by a request (POST and the like), beside the rules that every request keeps.
///
/// Over the Unix socket anyone may who can open it. Over TCP only clients that are known may: any program and any web
/// page on this machine reaches a port of 127.0.0.1. No web page of another site may in any case: a browser sends the
/// login or certificate that it has for this server along with requests that other sites make it send.
struct WriteRule {
    /// How the request came.
    let arrival: Doorkeeper.Arrival?
    /// Whether whoever asks over TCP has shown a login or a certificate.
    let isKnown: Bool

    /// What a write is refused with, and as what it is counted; nil where it may be served.
    func refusal(of head: HTTPRequestHead) -> (answer: HTTPAnswer, count: Refusal)? {
        if isFromElsewhere(head) {
            return (
                .refusal(
                    .forbidden,
                    "403: \(Echo.cut(Self.place(head))): the request was sent by a web page of another site. Send it "
                        + "from a program, without the headers Origin and Sec-Fetch-Site."),
                .crossSite
            )
        }
        guard arrival != nil, !isKnown else { return nil }
        return (
            .refusal(
                .forbidden,
                "403: \(Echo.cut(Self.place(head))): writing over TCP needs a login or a client certificate, and none "
                    + "is configured. Send the request to http.sock, or set http.auth or http.tls.clientCAFile."
            ),
            .write
        )
    }

    /// The path, for the sentence.
    private static func place(_ head: HTTPRequestHead) -> String {
        String(head.uri.prefix { $0 != "?" })
    }

    private func isFromElsewhere(_ head: HTTPRequestHead) -> Bool {
        // Fetch Metadata: of the values, only these two are not another site's; `none` is the person at the browser.
        let sites = head.headers["sec-fetch-site"]
        if !sites.allSatisfy({ $0 == "same-origin" || $0 == "none" }) { return true }
        let origins = head.headers["origin"]
        guard let origin = origins.first else { return false }
        return origins.count > 1 || !isOwn(origin.lowercased(), head)
    }

    /// Whether an `Origin` (RFC 6454: `scheme://host:port`, or `null`) is the server that the request names.
    private func isOwn(_ origin: String, _ head: HTTPRequestHead) -> Bool {
        guard let host = HTTPRequest.authority(of: head.uri) ?? head.headers.first(name: "host") else {
            return false
        }
        let own = host.lowercased()
        // A proxy in front may speak TLS where vitald does not; never the other way round.
        return origin == "https://" + own || (arrival?.tls == nil && origin == "http://" + own)
    }
}
