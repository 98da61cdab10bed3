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

    /// What the kernel takes for a keepalive (tcp(7); MAX_TCP_KEEPIDLE and its like in the kernel's tcp.h); libpq hands on
    /// everything else to it too, and gives up at EINVAL.
    private static let keepalives: [(keyword: String, range: ClosedRange<Int32>)] = [
        ("keepalives_idle", 1...32_767), ("keepalives_interval", 1...32_767), ("keepalives_count", 1...127),
    ]
    /// How a server may let a client in, for `require_auth` (libpq 16).
    private static let methods = ["password", "md5", "gss", "sspi", "scram-sha-256", "oauth", "none"]
    /// What libpq has for `ssl_min_protocol_version` where it is not given (since 13).
    private static let leastVersion = "TLSv1.2"

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
            return URLFault("`\(keyword)` is not a whole number", remedy: "Write digits only.")
        }
        switch keyword {
        case "ssl_min_protocol_version", "ssl_max_protocol_version":
            guard !value.isEmpty, version(value) == nil else { return nil }
            return URLFault(
                "`\(keyword)` has a value that libpq refuses",
                remedy: "Write one of \(versions.joined(separator: ", ")).")
        case "require_auth":
            guard !value.isEmpty, !areMethods(value) else { return nil }
            return URLFault(
                "`require_auth` has a value that libpq refuses",
                remedy:
                    "Write some of \(methods.joined(separator: ", ")) with commas in between, or all with a ! each."
            )
        case "client_encoding":
            guard !value.isEmpty, value != "auto", !PostgresLibrary.knowsEncoding(value) else { return nil }
            return URLFault(
                "`client_encoding` is not the name of an encoding",
                remedy: "Write for example UTF8, or remove it.")
        default: return nil
        }
    }

    /// What is wrong with values that are each right; nil where nothing is.
    static func contradiction(in parameters: [PostgresTarget.Parameter]) -> URLFault? {
        // Of equal keywords libpq takes the last.
        func value(_ keyword: String) -> String? {
            parameters.last { $0.keyword == keyword }?.value
        }
        let least = value("ssl_min_protocol_version") ?? leastVersion
        if let least = version(least), let most = value("ssl_max_protocol_version").flatMap(version),
            least > most
        {
            guard value("ssl_min_protocol_version") != nil else {
                return URLFault(
                    "`ssl_max_protocol_version` is below \(leastVersion), which libpq begins with",
                    remedy: "Raise it, or add ssl_min_protocol_version.")
            }
            return URLFault(
                "`ssl_min_protocol_version` is above `ssl_max_protocol_version`",
                remedy: "Lower it, or remove one of the two.")
        }
        if value("keepalives").flatMap(number) != 0 {
            for (keyword, range) in keepalives {
                guard let number = value(keyword).flatMap(number), !range.contains(number) else { continue }
                return URLFault(
                    "`\(keyword)` is not between \(range.lowerBound) and \(range.upperBound)",
                    remedy: "Change it, or remove it to get the system's own.")
            }
        }
        if value("channel_binding") == "require", value("sslmode") == "disable" {
            // There is nothing to bind to: libpq would connect, and then refuse every server.
            return URLFault(
                "`channel_binding=require` needs TLS, and `sslmode` is disable",
                remedy: "Write sslmode=require, or remove channel_binding.")
        }
        return nil
    }

    /// Whether a list of methods is one that libpq takes: each once, and all of them wanted or all unwanted.
    private static func areMethods(_ text: String) -> Bool {
        let words = text.split(separator: ",", omittingEmptySubsequences: false).map {
            Quotation.trimmed(String($0))
        }
        let unwanted = words.count { $0.hasPrefix("!") }
        let names = words.map { $0.hasPrefix("!") ? String($0.dropFirst()) : $0 }
        return (unwanted == 0 || unwanted == words.count) && Set(names).count == names.count
            && names.allSatisfy(methods.contains)
    }

    private static func version(_ text: String) -> Int? {
        versions.firstIndex { $0.lowercased() == text.lowercased() }
    }

    /// As strtol(3) reads it, into 32 bits.
    private static func number(_ text: String) -> Int32? { Int32(Quotation.trimmed(text)) }
}
