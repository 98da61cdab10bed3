// SPDX-License-Identifier: Apache-2.0

package import Vitals

/// Where a request goes: the parts of an `http`, `https` or `unix` URL (RFC 3986).
package struct HTTPTarget: Sendable, Hashable {
    /// The server.
    package var endpoint: ServerAddress
    /// Whether it is `https`.
    package var usesTLS: Bool
    /// What the request line says: path and query, at least `/`.
    package var requestTarget: String
    /// The `Host` header.
    package var authority: String
    /// User and password of the URL, as Basic authentication sends them (RFC 7617).
    package var basicCredentials: Secret?

    /// Why a text is no target: fact and remedy.
    package struct Fault: Error, Hashable {
        /// What is wrong with it.
        package let fact: String
        /// What to do.
        package let remedy: String
    }

    /// Reads a URL. The sentences of faults hold nothing of what stands before an `@`.
    package init(parsing text: String) throws(Fault) {
        guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) else {
            throw Fault(fact: "has no scheme", remedy: "Write for example \"http://localhost:8080/health\".")
        }
        let scheme = String(decoding: text.utf8[..<colon].map(HostText.lowercased), as: UTF8.self)
        let rest = text[text.index(after: colon)...]
        switch scheme {
        case "http": try self.init(network: rest, usesTLS: false)
        case "https": try self.init(network: rest, usesTLS: true)
        case "unix": try self.init(unix: rest)
        default:
            throw Fault(
                fact: "is neither http, https nor unix", remedy: "Write for example \"https://example.com/\"."
            )
        }
    }

    private init(network rest: Substring, usesTLS: Bool) throws(Fault) {
        guard rest.utf8.starts(with: "//".utf8) else {
            throw Fault(fact: "has no // after the scheme", remedy: "Write scheme://host/path.")
        }
        let after = rest.dropFirst(2)
        let end = after.utf8.firstIndex { "/?#".utf8.contains($0) } ?? after.endIndex
        var host = after[..<end]
        basicCredentials = nil
        if let at = host.utf8.lastIndex(of: UInt8(ascii: "@")) {
            guard let decoded = PercentEncoding.decode(host[..<at].utf8) else {
                throw Fault(
                    fact: "has a broken % sequence before the @", remedy: "Percent-encode the password.")
            }
            let pair = decoded.contains(UInt8(ascii: ":")) ? decoded : decoded + [UInt8(ascii: ":")]
            basicCredentials = Secret("Basic " + Base64Text.encode(pair))
            host = host[host.index(after: at)...]
        }
        let port: String
        let bracket = host.utf8.lastIndex(of: UInt8(ascii: "]"))
        if let colon = host.utf8.lastIndex(of: UInt8(ascii: ":")), bracket.map({ colon > $0 }) ?? true {
            port = String(host[host.index(after: colon)...])
            host = host[..<colon]
        } else {
            port = usesTLS ? "443" : "80"
        }
        // RFC 6874 writes the zone of a link-local address as %25eth0.
        let plain = PercentEncoding.decode(host.utf8).map { String(decoding: $0, as: UTF8.self) } ?? ""
        guard !plain.isEmpty else {
            throw Fault(fact: "has no host", remedy: "Write scheme://host/path.")
        }
        guard let endpoint = ServerAddress(host: plain, port: port) else {
            throw Fault(
                fact: "has a host or a port that cannot be",
                remedy: "Write a name of letters, digits, - and . (others in punycode), or an address, "
                    + "IPv6 in brackets, and a port from 1 to 65535.")
        }
        self.endpoint = endpoint
        self.usesTLS = usesTLS
        requestTarget = try Self.requestTarget(after[end...])
        var name = HostText.withoutZone(plain)
        if name.utf8.first == UInt8(ascii: "["), name.utf8.last != UInt8(ascii: "]") { name += "]" }
        authority = port == (usesTLS ? "443" : "80") ? name : "\(name):\(port)"
    }

    /// `unix:/run/agent.sock:/health`: the socket's path, then the path to ask for.
    private init(unix rest: Substring) throws(Fault) {
        let path: Substring
        let tail: Substring
        if let colon = rest.utf8.firstIndex(of: UInt8(ascii: ":")) {
            path = rest[..<colon]
            tail = rest[rest.index(after: colon)...]
        } else {
            path = rest
            tail = "/"
        }
        guard path.utf8.first == UInt8(ascii: "/"), let endpoint = ServerAddress(address: String(path)) else {
            throw Fault(
                fact: "has no absolute socket path of at most \(ServerAddress.longestPath) bytes",
                remedy: "Write unix:/path/of.socket:/uri.")
        }
        self.endpoint = endpoint
        usesTLS = false
        requestTarget = try Self.requestTarget(tail)
        authority = "localhost"
        basicCredentials = nil
    }

    private static func requestTarget(_ text: Substring) throws(Fault) -> String {
        // A fragment is the reader's affair and never sent (RFC 3986, 3.5).
        let end = text.utf8.firstIndex(of: UInt8(ascii: "#")) ?? text.endIndex
        let target = text[..<end]
        guard target.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw Fault(
                fact: "has blanks, control characters or bytes beyond ASCII in its path",
                remedy: "Percent-encode them, for example a blank as %20.")
        }
        if target.isEmpty { return "/" }
        return target.utf8.first == UInt8(ascii: "/") ? String(target) : "/" + target
    }

    /// The server alone: its path may be as secret as a password (webhooks), and checks are told apart by their names.
    package var target: ShownTarget {
        switch endpoint {
        case .unix(let socket): ShownTarget(scheme: "unix", place: socket)
        case .network: ShownTarget(scheme: usesTLS ? "https" : "http", place: authority)
        }
    }

    /// The pieces of path and query that are long enough to be tokens; shorter ones are words like `health`.
    package var tokens: [[UInt8]] {
        requestTarget.utf8.split { "/?&=".utf8.contains($0) }.map { Array($0) }
            .filter { $0.count >= Self.shortestToken }
    }

    private static let shortestToken = 12

    /// Whether a password stands in the text itself.
    package static func holdsPassword(_ text: String) -> Bool {
        guard let (start, at) = userInfo(text) else { return false }
        guard let colon = text[start..<at].utf8.firstIndex(of: UInt8(ascii: ":")) else { return false }
        let password = text[text.index(after: colon)..<at]
        return !password.isEmpty && !References.isAll(password.utf8)
    }

    /// What tells a URL from every other: all but its password. Not for showing.
    package static func identity(of text: String) -> String {
        guard let (start, at) = userInfo(text),
            let colon = text[start..<at].utf8.firstIndex(of: UInt8(ascii: ":"))
        else { return text }
        return String(text[..<colon]) + text[at...]
    }

    private static func userInfo(_ text: String) -> (start: String.Index, at: String.Index)? {
        guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")),
            text[colon...].utf8.starts(with: "://".utf8)
        else { return nil }
        let start = text.utf8.index(colon, offsetBy: 3)
        let end = text[start...].utf8.firstIndex { "/?#".utf8.contains($0) } ?? text.endIndex
        return text[start..<end].utf8.lastIndex(of: UInt8(ascii: "@")).map { (start, $0) }
    }
}

extension HTTPTarget {
    /// Where a `Location` leads (RFC 9110, 10.2.2), if that is the same origin; nil for every other place.
    func following(_ location: String) -> HTTPTarget? {
        var next = self
        if location.utf8.starts(with: "//".utf8) || Self.hasScheme(location) {
            guard case .network = endpoint else { return nil }
            let scheme = usesTLS ? "https:" : "http:"
            let absolute = location.utf8.first == UInt8(ascii: "/") ? scheme + location : location
            guard let parsed = try? HTTPTarget(parsing: absolute), parsed.basicCredentials == nil,
                parsed.usesTLS == usesTLS, parsed.endpoint.sameOrigin(as: endpoint)
            else { return nil }
            next.requestTarget = parsed.requestTarget
            return next
        }
        let path: String
        switch location.utf8.first {
        case UInt8(ascii: "/"): path = location
        case UInt8(ascii: "?"): path = Self.directory(requestTarget, keepingName: true) + location
        case nil, UInt8(ascii: "#"): path = requestTarget
        default: path = Self.directory(requestTarget, keepingName: false) + location
        }
        guard let target = try? Self.requestTarget(path[...]) else { return nil }
        next.requestTarget = target
        return next
    }

    private static func hasScheme(_ text: String) -> Bool {
        guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) else { return false }
        return !text.utf8[..<colon].contains { "/?#".utf8.contains($0) }
    }

    private static func directory(_ target: String, keepingName: Bool) -> String {
        let path = target.utf8.firstIndex(of: UInt8(ascii: "?")).map { target[..<$0] } ?? target[...]
        if keepingName { return String(path) }
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "/" }
        return String(path[...slash])
    }
}

extension ServerAddress {
    /// Whether both are the same host and port; names are compared without regard to case.
    fileprivate func sameOrigin(as other: ServerAddress) -> Bool {
        guard case .network(let host, let port) = self, case .network(let otherHost, let otherPort) = other
        else {
            return self == other
        }
        return port == otherPort
            && host.utf8.map(HostText.lowercased) == otherHost.utf8.map(HostText.lowercased)
    }
}
