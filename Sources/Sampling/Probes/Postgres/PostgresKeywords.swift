// SPDX-License-Identifier: Apache-2.0

import Vitals

/// The keywords of a libpq connection string (libpq, 34.1.2) and what becomes of each.
enum PostgresKeywords {
    /// Those that vitald reads itself.
    static let own: Set<String> = ["host", "hostaddr", "port", "user", "dbname", "password"]

    /// Those whose value must not be shown.
    static let secret: Set<String> = ["sslpassword"]

    /// Those that are handed to libpq as they are.
    static let handedOn: Set<String> = [
        "sslmode", "sslrootcert", "sslcert", "sslkey", "sslpassword", "sslcrl", "sslcrldir", "sslsni",
        "sslcompression", "ssl_min_protocol_version", "ssl_max_protocol_version", "channel_binding",
        "gssencmode", "krbsrvname", "gsslib", "requirepeer", "require_auth", "passfile", "keepalives",
        "keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout",
        "application_name", "fallback_application_name", "client_encoding", "options",
    ]

    /// Those that mean nothing here, and why they are no fault: urls are copied from applications.
    static let ignored: Set<String> = ["connect_timeout", "target_session_attrs"]

    /// A keyword that is handed on; nil for one that means nothing here.
    static func parameter(_ name: String, _ value: String) throws(URLFault) -> PostgresTarget.Parameter? {
        if handedOn.contains(name) { return PostgresTarget.Parameter(keyword: name, value: value) }
        if ignored.contains(name) { return nil }
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
            throw URLFault(
                "\"\(name)\" is not a parameter that is known here",
                remedy: "Known are \((own.union(handedOn)).sorted().joined(separator: ", ")).")
        }
    }

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
        func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte >= 0x09 && byte <= 0x0D }
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
                    "the quote of `\(name)` is not closed", remedy: "End the value with a single quote.")
            }
            pairs.append((name, String(decoding: value, as: UTF8.self)))
        }
        return pairs
    }
}
