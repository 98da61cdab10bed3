// SPDX-License-Identifier: Apache-2.0

/// Where a server is.
package enum ServerAddress: Sendable, Hashable {
    /// A host, by name or address, and a port.
    case network(host: String, port: UInt16)
    /// A Unix stream socket.
    case unix(path: String)

    /// sun_path of unix(7) has 108 bytes with its NUL.
    package static let longestPath = 107

    /// For people: `localhost:80`, `[::1]:80`, `/run/agent.sock`.
    package var text: String {
        switch self {
        case .network(let host, let port):
            host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): path
        }
    }

    /// The name or address that a certificate must vouch for.
    package var host: String {
        switch self {
        case .network(let host, _): host
        case .unix: "localhost"
        }
    }

    /// Reads `host:port`, `[v6]:port` or an absolute path; nil for anything else.
    package init?(address text: String) {
        if text.utf8.first == UInt8(ascii: "/") {
            guard text.utf8.count <= Self.longestPath, !text.utf8.contains(0) else { return nil }
            self = .unix(path: text)
            return
        }
        guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")) else { return nil }
        self.init(host: String(text[..<colon]), port: String(text[text.index(after: colon)...]))
    }

    /// Makes one from a host as URLs write it (addresses of IPv6 in brackets) and the digits of a port.
    package init?(host: String, port: String) {
        guard !port.isEmpty, port.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let number = UInt16(port),
            number > 0
        else { return nil }
        if host.utf8.first == UInt8(ascii: "[") {
            guard host.utf8.last == UInt8(ascii: "]") else { return nil }
            let inner = String(host.dropFirst().dropLast())
            guard inner.utf8.contains(UInt8(ascii: ":")), HostText.isAddress(inner) else { return nil }
            self = .network(host: inner, port: number)
        } else {
            guard HostText.isName(host) else { return nil }
            self = .network(host: host, port: number)
        }
    }
}
