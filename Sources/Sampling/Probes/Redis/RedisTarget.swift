// SPDX-License-Identifier: Apache-2.0

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
        for (name, value) in url.query {
            guard name == "db" else {
                throw URLFault(
                    "\"\(name)\" is not a parameter that is known here", remedy: "The only one is db=NUMBER.")
            }
            database = value
        }
        switch url.scheme {
        case "redis":
            place = .network(host: url.host ?? "localhost", port: url.port ?? Self.defaultPort)
            if url.path.utf8.count > 1 { database = String(url.path.dropFirst()) }
        case "unix", "redis+unix", "redis+socket":
            guard url.host == nil, url.path.utf8.count > 1 else {
                throw URLFault(
                    "names no socket", remedy: "Write three slashes: unix:///run/redis/redis.sock.")
            }
            place = .unix(path: url.path)
        case "rediss":
            throw URLFault(
                "asks for TLS, which the linked hiredis (0.14) does not have",
                remedy: "Use redis:// on a trusted network or through a local stunnel, or a Unix socket.")
        default:
            throw URLFault(
                "the scheme \"\(url.scheme)\" is not Redis's", remedy: "Write redis://host:6379/0.")
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
    var text: String { "\(address)/\(database)" }

    /// The place alone: `localhost:6379`, `/run/redis/redis.sock`.
    var address: String { place.text }

    /// What tells this target from every other: all but its password. Not for showing.
    var identity: String { [address, user ?? "", String(database)].joined(separator: "\0") }

    /// The whole as a url, with its password masked.
    var masked: String {
        var credentials = user ?? ""
        if password != nil { credentials += ":***" }
        if !credentials.isEmpty { credentials += "@" }
        return switch place {
        case .network: "redis://\(credentials)\(text)"
        case .unix: "unix://\(credentials)\(address)?db=\(database)"
        }
    }
}
