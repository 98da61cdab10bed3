// SPDX-License-Identifier: Apache-2.0

import Outbound
import Vitals

/// One Postgres database and how to reach it: what the `url` of a check says, with everything filled in.
struct PostgresTarget: Sendable, Hashable {
    /// A name, an address, or the directory of a Unix socket (begins with `/`).
    var host: String
    /// The address to use in the place of asking for the name, where it is written down.
    var hostAddress: String?
    var port: UInt16
    /// Always set: libpq's own default is the name of vitald's user, which fills the log with
    /// `role "root" does not exist`.
    var user: String
    var database: String
    /// The password, where it stands in the url.
    var password: Secret?
    /// libpq's other keywords (`sslmode`, `sslrootcert` …), in the order in which they were written.
    var parameters: [Parameter]

    /// One of libpq's keywords with its value.
    struct Parameter: Sendable, Hashable {
        let keyword: String
        let value: String
    }

    /// Where Debian's servers put their socket; libpq's own default depends on how it was built.
    static let defaultSocketDirectory = "/var/run/postgresql"
    static let defaultPort: UInt16 = 5432
    static let defaultUser = "vitald"
    /// The database that every server has.
    static let defaultDatabase = "postgres"

    /// Reads either form that libpq knows: `postgresql://…` or `host=… dbname=…`.
    init(_ text: String) throws(URLFault) {
        let bytes = Array(text.utf8)
        if bytes.starts(with: "jdbc:".utf8) {
            throw URLFault(
                "is a JDBC URL", remedy: "Write postgresql://user@host:5432/database, without \"jdbc:\".")
        }
        if ConnectionURL.schemeEnd(bytes) != nil {
            self = try PostgresTarget(url: ConnectionURL(text))
        } else {
            self = try PostgresTarget(pairs: PostgresKeywords.split(text), places: "word")
        }
    }

    /// What stands for a url that could not be read, until the configuration is refused.
    static let none = PostgresTarget()

    private init() {
        host = Self.defaultSocketDirectory
        port = Self.defaultPort
        user = Self.defaultUser
        database = Self.defaultDatabase
        parameters = []
    }

    private init(url: ConnectionURL) throws(URLFault) {
        // SQLAlchemy names its driver behind a plus: postgresql+psycopg://
        let scheme = url.scheme.prefix { $0 != "+" }
        guard scheme == "postgresql" || scheme == "postgres" else {
            throw URLFault(
                "the scheme is not postgresql", remedy: "Write postgresql://user@host:5432/database.")
        }
        var pairs: [(name: String, value: String)] = []
        if let host = url.host { pairs.append(("host", host)) }
        if let port = url.port { pairs.append(("port", "\(port)")) }
        if let user = url.user { pairs.append(("user", user)) }
        if let password = url.password { pairs.append(("password", password)) }
        if url.path.utf8.count > 1 { pairs.append(("dbname", String(url.path.dropFirst()))) }
        try self.init(pairs: pairs + url.query, places: "parameter", before: pairs.count)
    }

    /// `places` is what the pairs are called in faults, which count them from the one behind `before` on: an unknown
    /// name may be half a password and is not quoted.
    private init(
        pairs: [(name: String, value: String)], places: String, before: Int = 0
    ) throws(URLFault) {
        var values: [String: String] = [:]
        parameters = []
        for (index, (name, value)) in pairs.enumerated() {
            if value.utf8.contains(0) {
                throw URLFault("\(places) \(index + 1 - before) holds a NUL character", remedy: "Remove it.")
            }
            // As libpq has it, `?host=` wins over what stands before the path.
            if PostgresKeywords.own.contains(name) {
                if !value.isEmpty { values[name] = value }
                continue
            }
            let place = "\(places) \(index + 1 - before)"
            if let parameter = try PostgresKeywords.parameter(name, value, place) {
                parameters.append(parameter)
            }
        }
        if let problem = PostgresValues.contradiction(in: parameters) { throw problem }
        hostAddress = values["hostaddr"]
        host = values["host"] ?? hostAddress ?? Self.defaultSocketDirectory
        guard !host.utf8.contains(UInt8(ascii: ",")), values["port"]?.utf8.contains(UInt8(ascii: ",")) != true
        else {
            throw URLFault(
                "names several hosts", remedy: "Write one check per server, so that each has its own verdict."
            )
        }
        guard Self.isHost(host) else {
            throw URLFault(
                "the host is neither a name, an address nor the directory of a socket",
                remedy: "Correct it, and write special characters of a password percent-encoded (/ is %2F).")
        }
        if let hostAddress, HostAddress.literal(hostAddress, port: 1) == nil {
            throw URLFault(
                "`hostaddr` is not an address in numbers", remedy: "Write a name as `host`.")
        }
        port =
            try values["port"].map { text throws(URLFault) in try ConnectionURL.port(text) }
            ?? Self.defaultPort
        let isDirectory = hostAddress == nil && host.utf8.first == UInt8(ascii: "/")
        guard !isDirectory || "\(host)/.s.PGSQL.\(port)".utf8.count <= ServerAddress.longestPath else {
            throw URLFault(
                "the path of the server's socket is longer than \(ServerAddress.longestPath) bytes",
                remedy: "Use a shorter directory, or an address of the network.")
        }
        user = values["user"] ?? Self.defaultUser
        database = values["dbname"] ?? Self.defaultDatabase
        if ConnectionURL.schemeEnd(Array(database.utf8)) != nil || database.utf8.contains(UInt8(ascii: "=")) {
            throw URLFault(
                "`dbname` holds a whole connection string", remedy: "Write only the name of the database.")
        }
        password = values["password"].map { Secret($0) }
    }

    /// Whether it is reached through a Unix socket.
    var isLocal: Bool { host.utf8.first == UInt8(ascii: "/") && hostAddress == nil }

    private static func isHost(_ text: String) -> Bool {
        text.utf8.first == UInt8(ascii: "/") || HostText.isName(text) || HostText.isAddress(text)
    }

    /// What tells this target from every other: all but its passwords. Not for showing.
    var identity: String {
        let rest = parameters.filter { !PostgresKeywords.secret.contains($0.keyword) }
        return
            ([host, hostAddress ?? "", String(port), user, database]
            + rest.map { "\($0.keyword)=\($0.value)" }).joined(separator: "\0")
    }

    /// `localhost:5432`, `[::1]:5432`, `/run/postgresql:5432`.
    private var place: String {
        let brackets = host.utf8.contains(UInt8(ascii: ":")) && !isLocal
        return "\(brackets ? "[\(host)]" : host):\(port)"
    }

    /// `localhost:5432/agno_data`, `[::1]:5432/x`, `/run/postgresql:5432/x`.
    var target: ShownTarget { ShownTarget(place: place, database: database) }

    /// The same as a text.
    var text: String { target.description }

    /// What may be shown of the whole, as a url that can be read again: stars for user, password and parameters. The
    /// directory of a socket is percent-encoded, as libpq has it.
    var shown: String {
        var encoded = ""
        for byte in host.utf8 {
            if isLocal, byte == UInt8(ascii: "/") || byte == UInt8(ascii: "%") {
                encoded += "%" + String(byte, radix: 16, uppercase: true)
            } else {
                encoded += String(decoding: [byte], as: UTF8.self)
            }
        }
        let secret = password == nil ? "" : ":" + ShownURL.stars
        let rest = parameters.isEmpty && hostAddress == nil ? "" : "?" + ShownURL.stars
        let place = isLocal ? "\(encoded):\(port)" : self.place
        return ShownURL.text("postgresql://\(ShownURL.stars)\(secret)@\(place)/\(database)\(rest)")
    }

    /// What may be shown of a url in which references to the environment stand.
    static func shown(written text: String) -> String {
        let bytes = Array(text.utf8)
        if References.isAll(bytes) || ConnectionURL.schemeEnd(bytes) != nil
            || !bytes.contains(UInt8(ascii: "="))
        {
            return ShownURL.text(text)
        }
        return PostgresKeywords.shown(text)
    }
}
