// SPDX-License-Identifier: Apache-2.0

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
        let isURL = text.utf8.firstIndex(of: UInt8(ascii: ":")).map {
            text.utf8[$0...].starts(with: "://".utf8)
        }
        if isURL == true {
            self = try PostgresTarget(url: ConnectionURL(text))
        } else {
            self = try PostgresTarget(pairs: PostgresKeywords.split(text))
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
                "the scheme \"\(url.scheme)\" is not Postgres's",
                remedy: "Write postgresql://user@host:5432/database.")
        }
        var pairs: [(name: String, value: String)] = []
        if let host = url.host { pairs.append(("host", host)) }
        if let port = url.port { pairs.append(("port", "\(port)")) }
        if let user = url.user { pairs.append(("user", user)) }
        if let password = url.password { pairs.append(("password", password)) }
        if url.path.utf8.count > 1 { pairs.append(("dbname", String(url.path.dropFirst()))) }
        try self.init(pairs: pairs + url.query)
    }

    private init(pairs: [(name: String, value: String)]) throws(URLFault) {
        var values: [String: String] = [:]
        parameters = []
        for (name, value) in pairs {
            if value.utf8.contains(0) {
                throw URLFault("`\(name)` holds a zero byte", remedy: "Remove it.")
            }
            // As libpq has it, `?host=` wins over what stands before the path.
            if PostgresKeywords.own.contains(name) {
                if !value.isEmpty { values[name] = value }
            } else {
                try parameters.append(contentsOf: PostgresKeywords.parameter(name, value).map { [$0] } ?? [])
            }
        }
        hostAddress = values["hostaddr"]
        host = values["host"] ?? hostAddress ?? Self.defaultSocketDirectory
        guard !host.utf8.contains(UInt8(ascii: ",")), values["port"]?.utf8.contains(UInt8(ascii: ",")) != true
        else {
            throw URLFault(
                "names several hosts", remedy: "Write one check per server, so that each has its own verdict."
            )
        }
        if let hostAddress, HostAddress.literal(hostAddress, port: 1) == nil {
            throw URLFault(
                "`hostaddr` is not an address in numbers", remedy: "Write a name as `host`.")
        }
        port =
            try values["port"].map { text throws(URLFault) in try ConnectionURL.port(text) }
            ?? Self.defaultPort
        user = values["user"] ?? Self.defaultUser
        database = values["dbname"] ?? Self.defaultDatabase
        password = values["password"].map { Secret($0) }
    }

    /// Whether it is reached through a Unix socket.
    var isLocal: Bool { host.utf8.first == UInt8(ascii: "/") && hostAddress == nil }

    /// `localhost:5432/agno_data`, `[::1]:5432/x`, `/run/postgresql:5432/x`.
    var text: String {
        let brackets = host.utf8.contains(UInt8(ascii: ":")) && !isLocal
        return "\(brackets ? "[\(host)]" : host):\(port)/\(database)"
    }

    /// What tells this target from every other: all but its passwords. Not for showing.
    var identity: String {
        let rest = parameters.filter { !PostgresKeywords.secret.contains($0.keyword) }
        return
            ([host, hostAddress ?? "", String(port), user, database]
            + rest.map { "\($0.keyword)=\($0.value)" }).joined(separator: "\0")
    }

    /// The whole as a url, with its password masked.
    var masked: String {
        var text = "postgresql://\(user)\(password == nil ? "" : ":***")@"
        if isLocal {
            text += "/\(database)"
        } else {
            text += self.text
        }
        var rest = parameters.map { parameter in
            "\(parameter.keyword)=\(PostgresKeywords.secret.contains(parameter.keyword) ? "***" : parameter.value)"
        }
        if isLocal { rest = ["host=\(host)", "port=\(port)"] + rest }
        if let hostAddress { rest.append("hostaddr=\(hostAddress)") }
        return rest.isEmpty ? text : text + "?" + rest.joined(separator: "&")
    }
}
