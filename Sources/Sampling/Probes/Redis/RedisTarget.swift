// SPDX-License-Identifier: Apache-2.0

import Outbound
import Vitals

/// One Redis and how to reach it: what the `url` of a check says, with everything filled in.
struct RedisTarget: Sendable, Hashable {
    /// Where the server listens.
    let place: ServerAddress
    /// The ACL user; nil is the default user, as before Redis 6.
    let user: String?
    let password: Secret?
    let database: UInt32

    static let defaultPort: UInt16 = 6379
    /// What stands for a url that could not be read, until the configuration is refused.
    static let none = RedisTarget(
        place: .network(host: "localhost", port: defaultPort), user: nil, password: nil, database: 0)

    private init(place: ServerAddress, user: String?, password: Secret?, database: UInt32) {
        self.place = place
        self.user = user
        self.password = password
        self.database = database
    }

    /// Reads `redis://[user][:password@]host[:port][/database]` and `unix://[user][:password@]/path[?db=number]`.
    init(_ text: String) throws(URLFault) {
        let url = try ConnectionURL(text)
        var database: String?
        for (index, (name, value)) in url.query.enumerated() {
            guard name == "db" else {
                throw URLFault(
                    "parameter \(index + 1) of the query is not supported",
                    remedy: "The only one is db=NUMBER.")
            }
            database = value
        }
        switch url.scheme {
        case "redis":
            let host = url.host ?? "localhost"
            guard HostText.isName(host) || HostText.isAddress(host) else {
                throw URLFault(
                    "the host is neither a name nor an address",
                    remedy: "Write redis://host:6379/0, special characters of a password percent-encoded.")
            }
            place = .network(host: host, port: url.port ?? Self.defaultPort)
            if url.path.utf8.count > 1 { database = String(url.path.dropFirst()) }
        case "unix", "redis+unix", "redis+socket":
            guard url.host == nil, url.path.utf8.count > 1 else {
                throw URLFault(
                    "names no socket", remedy: "Write three slashes: unix:///run/redis/redis.sock.")
            }
            guard url.path.utf8.count <= ServerAddress.longestPath else {
                throw URLFault(
                    "names a socket whose path is longer than \(ServerAddress.longestPath) bytes",
                    remedy: "Use a shorter directory.")
            }
            place = .unix(path: url.path)
        case "rediss":
            throw URLFault(
                "asks for TLS, which the linked hiredis (0.14) does not have",
                remedy: "Use redis:// on a trusted network or through a local stunnel, or a Unix socket.")
        default:
            throw URLFault(
                "the scheme is not redis or unix", remedy: "Write redis://host:6379/0.")
        }
        user = url.user
        password = url.password.map { Secret($0) }
        guard let number = UInt32(database ?? "0") else {
            throw URLFault(
                "the database is not a number", remedy: "Write for example redis://localhost:6379/0.")
        }
        self.database = number
    }

    /// `localhost:6379/0`, `/run/redis/redis.sock/0`.
    var target: ShownTarget { ShownTarget(place: address, database: "\(database)") }

    /// The place alone: `localhost:6379`, `/run/redis/redis.sock`.
    var address: String { place.text }

    /// What tells this target from every other: all but its password. Not for showing.
    var identity: String { [address, user ?? "", String(database)].joined(separator: "\0") }

    /// What may be shown of the url, in a form that can be read again: stars for user and password.
    var shown: String {
        var credentials = user == nil ? "" : ShownURL.stars
        if password != nil { credentials += ":" + ShownURL.stars }
        if !credentials.isEmpty { credentials += "@" }
        return switch place {
        case .network: "redis://\(credentials)\(address)/\(database)"
        case .unix: "unix://\(credentials)\(address)?db=\(database)"
        }
    }
}
