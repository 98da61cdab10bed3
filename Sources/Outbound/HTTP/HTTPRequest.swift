// SPDX-License-Identifier: Apache-2.0

import NIOHTTP1
import Vitals

/// One request, as often as it is sent.
package struct HTTPRequest: Sendable {
    /// Where it goes.
    package let target: HTTPTarget
    /// What is asked for.
    package let method: HTTPRequestMethod
    /// Headers beside those that vitald writes itself.
    package let headers: HTTPHeaderList
    /// The body; sent where the method takes one.
    package let body: [UInt8]
    /// Redirects followed at most, within one origin.
    package let followRedirects: Int

    /// Makes a request.
    package init(
        target: HTTPTarget, method: HTTPRequestMethod, headers: HTTPHeaderList, body: [UInt8],
        followRedirects: Int
    ) {
        self.target = target
        self.method = method
        self.headers = headers
        self.body = body
        self.followRedirects = followRedirects
    }

    /// The head that is sent for a path and a method, which redirects may have changed.
    func head(_ path: String, _ method: HTTPRequestMethod, bodyCount: Int) -> HTTPRequestHead {
        var fields = HTTPHeaders()
        if !headers.has("host") { fields.add(name: "Host", value: target.authority) }
        if !headers.has("user-agent") { fields.add(name: "User-Agent", value: "vitald") }
        if !headers.has("accept") { fields.add(name: "Accept", value: "*/*") }
        // Nothing packed is asked for: an unpacked answer needs no bound of its own.
        if !headers.has("accept-encoding") { fields.add(name: "Accept-Encoding", value: "identity") }
        if let credentials = target.basicCredentials {
            credentials.reveal { fields.add(name: "Authorization", value: $0) }
        }
        for entry in headers.entries { entry.value.reveal { fields.add(name: entry.name, value: $0) } }
        if method.takesBody { fields.add(name: "Content-Length", value: String(bodyCount)) }
        return HTTPRequestHead(
            version: .http1_1, method: .init(rawValue: method.rawValue), uri: path, headers: fields)
    }

    /// Whether a text holds one of the secrets that the request carries, which some servers echo.
    package func discloses(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        let secrets = headers.entries.map(\.value) + [target.basicCredentials].compactMap(\.self)
        // Shorter values are words like `1` or `on`, not secrets.
        return secrets.contains {
            $0.reveal { $0.utf8.count >= 4 && ByteSearch.holds(Array($0.utf8), in: bytes) }
        } || target.tokens.contains { ByteSearch.holds($0, in: bytes) }
    }
}
