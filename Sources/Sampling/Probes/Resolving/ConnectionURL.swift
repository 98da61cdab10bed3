// SPDX-License-Identifier: Apache-2.0

import Vitals

/// What is wrong with the address of a target, without the address itself: it may hold a password.
struct URLFault: Error, Hashable {
    let fact: String
    let remedy: String

    init(_ fact: String, remedy: String) {
        self.fact = fact
        self.remedy = remedy
    }
}

/// The parts of an address of the form `scheme://user:password@host:port/path?name=value`, decoded.
///
/// RFC 3986 as far as databases use it: there is no fragment, so that `#` may stand in a password.
struct ConnectionURL {
    /// Lower-case, with any suffix: `postgresql+psycopg`.
    let scheme: String
    let user: String?
    let password: String?
    /// Without brackets; nil when empty. A directory (`/run/postgresql`) where it is written percent-encoded.
    let host: String?
    let port: UInt16?
    /// With its leading slash, or empty.
    let path: String
    let query: [(name: String, value: String)]

    init(_ text: String) throws(URLFault) {
        let bytes = Array(text.utf8)
        guard let colon = Self.schemeEnd(bytes) else {
            throw URLFault("is not a URL", remedy: "Write scheme://user@host:port/name.")
        }
        scheme = String(decoding: bytes[..<colon], as: UTF8.self).lowercased()
        let rest = bytes[(colon + 3)...]
        let authorityEnd = rest.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") }
        let authority = rest[..<(authorityEnd ?? rest.endIndex)]
        let behind = rest[(authorityEnd ?? rest.endIndex)...]

        // The last @ ends the user: an unencoded one in a password does no harm.
        var place = authority
        if let at = authority.lastIndex(of: UInt8(ascii: "@")) {
            place = authority[(at + 1)...]
            let credentials = authority[..<at]
            let split = credentials.firstIndex(of: UInt8(ascii: ":"))
            let name = try Self.decode(credentials[..<(split ?? credentials.endIndex)], "the user")
            user = name.isEmpty ? nil : name
            let secret = try split.map { at throws(URLFault) in
                try Self.decode(credentials[(at + 1)...], "the password")
            }
            password = secret.flatMap { $0.isEmpty ? nil : $0 }
        } else {
            user = nil
            password = nil
        }
        (host, port) = try Self.place(place)

        let question = behind.firstIndex(of: UInt8(ascii: "?"))
        let path = behind[..<(question ?? behind.endIndex)]
        guard !path.contains(UInt8(ascii: "@")) else {
            // Behind a slash that nobody encoded: what was read as host and port is the beginning of a password.
            throw URLFault(
                "holds an @ behind the first slash",
                remedy: "Write special characters of a password percent-encoded: / as %2F, @ as %40.")
        }
        self.path = try Self.decode(path, "the path")
        query =
            try question.map { question throws(URLFault) in try Self.query(behind[(question + 1)...]) } ?? []
    }

    /// Where the scheme of a URL ends, at the colon of `://`; nil where the text is no URL.
    static func schemeEnd(_ bytes: [UInt8]) -> Int? {
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), colon > 0,
            bytes[colon...].starts(with: "://".utf8),
            bytes[..<colon].allSatisfy(isSchemeByte)
        else { return nil }
        return colon
    }

    private static func isSchemeByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
            true
        default: false
        }
    }

    /// The parameters behind the question mark. Faults count them and do not quote them: what stands there may be half
    /// a password.
    private static func query(_ bytes: ArraySlice<UInt8>) throws(URLFault) -> [(name: String, value: String)]
    {
        var query: [(name: String, value: String)] = []
        for (index, pair) in bytes.split(separator: UInt8(ascii: "&")).enumerated() {
            // What a printed configuration has in the place of parameters.
            if pair.elementsEqual(ShownURL.stars.utf8) { continue }
            let what = "parameter \(index + 1) of the query"
            guard let equals = pair.firstIndex(of: UInt8(ascii: "=")) else {
                throw URLFault("\(what) has no value", remedy: "Write NAME=VALUE, or leave it out.")
            }
            query.append((try decode(pair[..<equals], what), try decode(pair[(equals + 1)...], what)))
        }
        return query
    }

    /// Host and port of `host`, `host:port`, `[::1]:port`, `:port`.
    private static func place(_ bytes: ArraySlice<UInt8>) throws(URLFault) -> (String?, UInt16?) {
        if bytes.contains(UInt8(ascii: ",")) {
            throw URLFault(
                "names several hosts", remedy: "Write one check per server, so that each has its own verdict."
            )
        }
        var host = bytes
        var port: ArraySlice<UInt8>?
        if bytes.first == UInt8(ascii: "[") {
            guard let close = bytes.firstIndex(of: UInt8(ascii: "]")) else {
                throw URLFault("the bracket of the IPv6 address is not closed", remedy: "Write [::1]:5432.")
            }
            host = bytes[(bytes.startIndex + 1)..<close]
            let behind = bytes[(close + 1)...]
            if let first = behind.first {
                guard first == UInt8(ascii: ":") else {
                    throw URLFault(
                        "something stands between the IPv6 address and the port", remedy: "Write [::1]:5432.")
                }
                port = behind.dropFirst()
            }
        } else if let colon = bytes.firstIndex(of: UInt8(ascii: ":")) {
            if bytes[(colon + 1)...].contains(UInt8(ascii: ":")) {
                throw URLFault(
                    "the host has several colons", remedy: "Put an IPv6 address in brackets: [::1]:5432.")
            }
            host = bytes[..<colon]
            port = bytes[(colon + 1)...]
        }
        let name = try decode(host, "the host")
        guard let port, !port.isEmpty else { return (name.isEmpty ? nil : name, nil) }
        return (name.isEmpty ? nil : name, try Self.port(String(decoding: port, as: UTF8.self)))
    }

    /// A port's number.
    static func port(_ text: String) throws(URLFault) -> UInt16 {
        guard let port = UInt16(text), port > 0 else {
            // Not quoted: what stands behind a colon may be half of a password with an unencoded slash.
            throw URLFault(
                "the port is not a number from 1 to 65535",
                remedy: "Correct it, and write special characters of a password percent-encoded (/ is %2F).")
        }
        return port
    }

    /// Replaces `%2F` and the like.
    private static func decode(_ bytes: ArraySlice<UInt8>, _ what: String) throws(URLFault) -> String {
        // No byte of 0: C would end the text there.
        guard let out = PercentEncoding.decode(bytes), !out.contains(0) else {
            throw URLFault(
                "\(what) has a % that two hexadecimal digits do not follow",
                remedy: "Write %25 for a percent sign itself.")
        }
        guard let text = String(validating: out, as: UTF8.self) else {
            throw URLFault("\(what) is not UTF-8", remedy: "Percent-encode its UTF-8 bytes.")
        }
        return text
    }
}
