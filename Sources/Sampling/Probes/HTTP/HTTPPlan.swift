// SPDX-License-Identifier: Apache-2.0

import NIOHTTP1
import Vitals

/// What an http probe does at each attempt.
struct HTTPPlan: Sendable {
    let place: HTTPTarget
    let method: HTTPProbeMethod
    let headers: HTTPHeaderList
    let body: [UInt8]
    let expect: HTTPExpectations
    let followRedirects: Int
    let warnLatency: Duration?
    let failLatency: Duration?
    let tls: TLSSettings?

    init(_ check: HTTPCheck, _ place: HTTPTarget) {
        self.place = place
        method = check.method
        headers = check.headers
        body = check.body
        expect = check.expect
        followRedirects = check.followRedirects
        warnLatency = check.warnLatency
        failLatency = check.failLatency
        tls = check.tls
    }

    /// The connection to open.
    var dial: Dial.Plan { Dial.Plan(endpoint: place.endpoint, tls: tls) }

    /// The head of a request.
    func head(_ target: String, _ method: HTTPProbeMethod, bodyCount: Int) -> HTTPRequestHead {
        var fields = HTTPHeaders()
        if !headers.has("host") { fields.add(name: "Host", value: place.authority) }
        if !headers.has("user-agent") { fields.add(name: "User-Agent", value: "vitald") }
        if !headers.has("accept") { fields.add(name: "Accept", value: "*/*") }
        // Nothing packed is asked for: an unpacked answer needs no bound of its own.
        if !headers.has("accept-encoding") { fields.add(name: "Accept-Encoding", value: "identity") }
        if let credentials = place.basicCredentials {
            credentials.reveal { fields.add(name: "Authorization", value: $0) }
        }
        for entry in headers.entries { entry.value.reveal { fields.add(name: entry.name, value: $0) } }
        if method.takesBody { fields.add(name: "Content-Length", value: String(bodyCount)) }
        return HTTPRequestHead(
            version: .http1_1, method: .init(rawValue: method.rawValue), uri: target, headers: fields)
    }

    /// Whether a text holds one of the secrets that the request carries, which some servers echo.
    func discloses(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        let secrets = headers.entries.map(\.value) + [place.basicCredentials].compactMap(\.self)
        // Shorter values are words like `1` or `on`, not secrets.
        return secrets.contains {
            $0.reveal { $0.utf8.count >= 4 && ByteSearch.holds(Array($0.utf8), in: bytes) }
        } || place.tokens.contains { ByteSearch.holds($0, in: bytes) }
    }
}
