// SPDX-License-Identifier: Apache-2.0

import Vitals

/// The values that libpq takes for its keywords. What it does not take it refuses only when it connects, in words that
/// vitald does not read: so it is refused here, when the configuration is read.
enum PostgresValues {
    /// Closed sets of words; libpq compares the letters exactly.
    private static let words: [String: [String]] = [
        "sslmode": ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"],
        "channel_binding": ["disable", "prefer", "require"],
        "gssencmode": ["disable", "prefer", "require"],
        "target_session_attrs": [
            "any", "read-write", "read-only", "primary", "standby", "prefer-standby",
        ],
    ]
    /// The names of TLS versions, the oldest first; libpq does not look at the case of their letters.
    private static let versions = ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"]
    private static let numbers: Set<String> = [
        "connect_timeout", "keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count",
        "tcp_user_timeout",
    ]

    /// What is wrong with a value; nil where nothing is. The value is not quoted: it is part of a connection string.
    static func problem(with keyword: String, _ value: String) -> URLFault? {
        // Stars are what a printed configuration has for a value that it does not show.
        if value == ShownURL.stars { return nil }
        if let words = words[keyword], !words.contains(value) {
            let near = Spelling.nearest(to: value, among: words).map { "Did you mean \($0)? " } ?? ""
            return URLFault(
                "`\(keyword)` has a value that libpq refuses",
                remedy: near + "Write one of \(words.joined(separator: ", ")).")
        }
        if numbers.contains(keyword), number(value) == nil {
            return URLFault("`\(keyword)` is not a whole number", remedy: "Write digits alone.")
        }
        switch keyword {
        case "ssl_min_protocol_version", "ssl_max_protocol_version":
            guard !value.isEmpty, version(value) == nil else { return nil }
            return URLFault(
                "`\(keyword)` has a value that libpq refuses",
                remedy: "Write one of \(versions.joined(separator: ", ")).")
        case "client_encoding":
            guard !value.isEmpty, value != "auto", !PostgresLibrary.knowsEncoding(value) else { return nil }
            return URLFault(
                "`client_encoding` names no encoding", remedy: "Write for example UTF8, or remove it.")
        default: return nil
        }
    }

    /// What is wrong with values that are each right; nil where nothing is.
    static func contradiction(in parameters: [PostgresTarget.Parameter]) -> URLFault? {
        // Of equal keywords libpq takes the last.
        func value(_ keyword: String) -> String? {
            parameters.last { $0.keyword == keyword }?.value
        }
        if let least = value("ssl_min_protocol_version").flatMap(version),
            let most = value("ssl_max_protocol_version").flatMap(version), least > most
        {
            return URLFault(
                "`ssl_min_protocol_version` is above `ssl_max_protocol_version`",
                remedy: "Lower it, or remove one of the two.")
        }
        if value("channel_binding") == "require", value("sslmode") == "disable" {
            // There is nothing to bind to: libpq would connect, and then refuse every server.
            return URLFault(
                "`channel_binding=require` needs TLS, and `sslmode` is disable",
                remedy: "Write sslmode=require, or remove channel_binding.")
        }
        return nil
    }

    private static func version(_ text: String) -> Int? {
        versions.firstIndex { $0.lowercased() == text.lowercased() }
    }

    /// As strtol(3) reads it, into 32 bits.
    private static func number(_ text: String) -> Int32? { Int32(Quotation.trimmed(text)) }
}
