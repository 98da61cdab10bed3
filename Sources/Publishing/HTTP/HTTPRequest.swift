// SPDX-License-Identifier: Apache-2.0

package import NIOCore
package import NIOHTTP1
package import Vitals

/// One request, as routes see it. Its body, where the route takes one, is whole and inflated.
package struct HTTPRequest: Sendable {
    /// The method; routes see GET for HEAD, since both get the same answer.
    package let method: HTTPMethod
    /// The path without query, not percent-decoded.
    package let path: String
    /// The query's items in order, decoded; an item without `=` has an empty value.
    package let query: [(name: String, value: String)]
    /// The header fields.
    package let headers: HTTPHeaders
    /// When its first byte came.
    package let began: NIODeadline
    /// The segments that stand for the names in the route's path, decoded.
    package internal(set) var parameters: [(name: String, value: String)] = []
    /// Who sent it, as far as it is counted.
    package let client: RequestClient
    /// Who sent it, as far as pushes say; known of requests that write.
    package internal(set) var source = PushSource(
        door: .http, connection: nil, pid: nil, uid: nil, origin: nil)
    /// The body.
    package internal(set) var body = ByteBuffer()

    /// Reads a request's head; nil where the target is not a path (`*`, `host:port`, rubbish).
    init?(_ head: HTTPRequestHead, began: NIODeadline, from client: RequestClient) {
        guard let target = Self.originForm(head.uri) else { return nil }
        let parts = target.split(separator: UInt8(ascii: "?"), maxSplits: 1, omittingEmptySubsequences: false)
        method = head.method == .HEAD ? .GET : head.method
        path = parts.first.map { String(decoding: $0, as: UTF8.self) } ?? "/"
        query = parts.count == 2 ? Self.items(parts[1]) : []
        headers = head.headers
        self.began = began
        self.client = client
    }

    /// The first value of a query item.
    package func item(_ name: String) -> String? { query.first { $0.name == name }?.value }

    /// The segment that stands for a name in the route's path.
    package func parameter(_ name: String) -> String? { parameters.first { $0.name == name }?.value }

    /// Whether a flag such as `?verbose` is set; `=0` and `=false` unset it.
    package func flag(_ name: String) -> Bool {
        guard let value = item(name) else { return false }
        return value != "0" && value != "false"
    }

    /// The host and port that a target names itself, as it does for a proxy: `http://host:port/path`. It counts
    /// instead of `Host` (RFC 9112, section 3.2.2); nil where the target is a path.
    static func authority(of uri: String) -> String? {
        guard uri.utf8.first != UInt8(ascii: "/"), let place = place(in: uri) else { return nil }
        return String(place.prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") })
    }

    /// What stands behind `http://`.
    private static func place(in uri: String) -> Substring.UTF8View? {
        let lower = uri.lowercased()
        guard let scheme = ["http://", "https://"].first(where: { lower.hasPrefix($0) }) else { return nil }
        return Substring(uri).utf8.dropFirst(scheme.utf8.count)
    }

    /// `/path?query` of a target; a server must also take `http://host/path?query` (RFC 9112, section 3.2.2).
    private static func originForm(_ uri: String) -> Substring.UTF8View? {
        let target = Substring(uri).utf8
        if target.first == UInt8(ascii: "/") { return target }
        guard let place = place(in: uri) else { return nil }
        let end = place.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") }
        guard let end else { return Substring("/").utf8 }
        if place[end] == UInt8(ascii: "/") { return place[end...] }
        return Substring("/" + String(decoding: place[end...], as: UTF8.self)).utf8
    }

    private static func items(_ query: Substring.UTF8View) -> [(name: String, value: String)] {
        query.split(separator: UInt8(ascii: "&")).map { item in
            let sides = item.split(
                separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            return (decode(sides[0]), sides.count == 2 ? decode(sides[1]) : "")
        }
    }

    /// Percent-decoding of a query; a broken escape stands for itself.
    private static func decode(_ text: Substring.UTF8View) -> String {
        var out: [UInt8] = []
        var rest = text
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), let value = PercentText.value(of: rest.prefix(2)) {
                out.append(value)
                rest = rest.dropFirst(2)
            } else {
                out.append(byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
            }
        }
        return String(decoding: out, as: UTF8.self)
    }
}
