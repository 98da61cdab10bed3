// SPDX-License-Identifier: Apache-2.0

import Vitals

/// The keywords of a libpq connection string (libpq, 34.1.2) and what becomes of each.
enum PostgresKeywords {
    /// Those that vitald reads itself.
    static let own: Set<String> = ["host", "hostaddr", "port", "user", "dbname", "password"]

    /// Those that are handed to libpq as they are, where the linked one knows them.
    static let handedOn: Set<String> = [
        "sslmode", "sslrootcert", "sslcert", "sslkey", "sslpassword", "sslcrl", "sslcrldir", "sslsni",
        "sslcompression", "ssl_min_protocol_version", "ssl_max_protocol_version", "channel_binding",
        "gssencmode", "krbsrvname", "gsslib", "requirepeer", "require_auth", "passfile", "keepalives",
        "keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout",
        "application_name", "fallback_application_name", "client_encoding", "options",
    ]

    /// Those that name files.
    private static let files: Set<String> = [
        "sslrootcert", "sslcert", "sslkey", "sslcrl", "sslcrldir", "passfile",
    ]

    /// Those that hold a secret: another one logs in differently and asks the same.
    static let secret: Set<String> = ["sslpassword"]

    /// Those that mean nothing here, and why they are no fault: urls are copied from applications.
    static let ignored: Set<String> = ["connect_timeout", "target_session_attrs"]

    /// A keyword that is handed on; nil for one that means nothing here. `place` stands for a name that is not known:
    /// it may be half a password.
    static func parameter(
        _ name: String, _ value: String, _ place: String
    ) throws(URLFault) -> PostgresTarget.Parameter? {
        if handedOn.contains(name) || ignored.contains(name) {
            if let problem = PostgresValues.problem(with: name, value) { throw problem }
            // An empty one would send libpq to the home directory of vitald's user.
            guard handedOn.contains(name), !(value.isEmpty && files.contains(name)) else { return nil }
            guard PostgresLibrary.knows(name) else {
                throw URLFault(
                    "`\(name)` is not known to the linked libpq (\(PostgresLibrary.version))",
                    remedy: "Remove it.")
            }
            return PostgresTarget.Parameter(keyword: name, value: value)
        }
        switch name {
        case "ssl" where value == "true":
            // JDBC's spelling; libpq understands it in a url too.
            return PostgresTarget.Parameter(keyword: "sslmode", value: "require")
        case "service":
            throw URLFault(
                "`service` points to another file", remedy: "Write its values here: host, port, dbname, user."
            )
        case "replication":
            throw URLFault("`replication` asks for a connection that takes no queries", remedy: "Remove it.")
        default:
            let known = own.union(handedOn).sorted()
            let near = Spelling.nearest(to: name, among: known).map { "Did you mean `\($0)`? " } ?? ""
            throw URLFault(
                "\(place) is not known here", remedy: near + "Known are \(known.joined(separator: ", ")).")
        }
    }

    // MARK: - The keyword form

    /// What stands at a place of the keyword form.
    enum Place: Equatable {
        /// Between values, or in a keyword.
        case between
        /// In single quotes.
        case quoted
        /// In a value without quotes, perhaps at its beginning.
        case value(isFirst: Bool)
    }

    /// What stands at a position of a text; a reference to the environment is read as any text.
    static func place(of position: Int, in bytes: [UInt8]) -> Place {
        var i = 0
        while i < bytes.count {
            while i < bytes.count, isBlank(bytes[i]) { i += 1 }
            while i < bytes.count, bytes[i] != UInt8(ascii: "="), !isBlank(bytes[i]) { i += 1 }
            while i < bytes.count, isBlank(bytes[i]) { i += 1 }
            guard position > i, i < bytes.count, bytes[i] == UInt8(ascii: "=") else { return .between }
            i += 1
            while i < bytes.count, isBlank(bytes[i]) { i += 1 }
            guard position >= i, i < bytes.count else { return .between }
            let start = i
            let isQuoted = bytes[i] == UInt8(ascii: "'")
            if isQuoted { i += 1 }
            while i < bytes.count, isQuoted ? bytes[i] != UInt8(ascii: "'") : !isBlank(bytes[i]) {
                i += bytes[i] == UInt8(ascii: "\\") ? 2 : 1
            }
            if position < i { return isQuoted ? .quoted : .value(isFirst: position == start) }
            if isQuoted { i += 1 }
        }
        return .between
    }

    /// What may be shown of a text in which references to the environment stand: the place and the database, and
    /// references; stars for all other values.
    static func shown(_ text: String) -> String {
        guard let pairs = try? split(text) else { return ShownURL.stars }
        let shown: Set<String> = ["host", "hostaddr", "port", "dbname"]
        return pairs.map { pair in
            let isPlace =
                shown.contains(pair.name) && ShownTarget(place: pair.value).description == pair.value
            let isShown = References.isAll(pair.value.utf8) || isPlace && !pair.value.isEmpty
            let name = own.contains(pair.name) || handedOn.contains(pair.name) ? pair.name : ShownURL.stars
            return "\(name)=\(isShown ? pair.value : ShownURL.stars)"
        }.joined(separator: " ")
    }

    /// As libpq has it (isspace(3) in the C locale).
    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte >= 0x09 && byte <= 0x0D }

    /// Splits the keyword form.
    ///
    /// ```
    /// host=db.example.com port=5432 dbname='agno data' user=vitald password='it\'s'
    /// ```
    /// A value with blanks stands in single quotes; `\'` and `\\` are the escapes, in quotes and outside.
    static func split(_ text: String) throws(URLFault) -> [(name: String, value: String)] {
        let bytes = Array(text.utf8)
        var pairs: [(name: String, value: String)] = []
        var i = 0
        func skipBlanks() { while i < bytes.count, isBlank(bytes[i]) { i += 1 } }
        while true {
            skipBlanks()
            guard i < bytes.count else { break }
            let start = i
            while i < bytes.count, bytes[i] != UInt8(ascii: "="), !isBlank(bytes[i]) { i += 1 }
            let name = String(decoding: bytes[start..<i], as: UTF8.self)
            skipBlanks()
            guard i < bytes.count, bytes[i] == UInt8(ascii: "="), !name.isEmpty else {
                // The word is not quoted: it may be the rest of a password that holds a blank.
                throw URLFault(
                    "word \(pairs.count + 1) is not of the form keyword=value",
                    remedy:
                        "Write postgresql://user@host:5432/database, or host=… dbname=… with values that hold blanks in single quotes."
                )
            }
            i += 1
            skipBlanks()
            var value: [UInt8] = []
            let quoted = i < bytes.count && bytes[i] == UInt8(ascii: "'")
            if quoted { i += 1 }
            var closed = !quoted
            while i < bytes.count {
                if quoted, bytes[i] == UInt8(ascii: "'") {
                    closed = true
                    i += 1
                    break
                }
                if !quoted, isBlank(bytes[i]) { break }
                if bytes[i] == UInt8(ascii: "\\"), i + 1 < bytes.count { i += 1 }
                value.append(bytes[i])
                i += 1
            }
            guard closed else {
                throw URLFault(
                    "the quote in word \(pairs.count + 1) is not closed",
                    remedy: "End the value with a single quote.")
            }
            pairs.append((name, String(decoding: value, as: UTF8.self)))
        }
        return pairs
    }
}
