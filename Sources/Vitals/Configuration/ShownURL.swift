// SPDX-License-Identifier: Apache-2.0

/// What of a URL may be shown: scheme, host and port, and the name of a database. Users, passwords, paths, queries
/// and fragments are replaced by stars, because each of them is where some service puts its tokens; references to the
/// environment are shown as they are written.
///
/// ```
/// https://api:pw@example.com:8443/hooks/T0/x?sig=1   https://***:***@example.com:8443/***?***
/// postgresql://agent:${PW}@db/agno?options=-c%20a=b  postgresql://***:${PW}@db/agno?***
/// unix:/run/agent.sock:/health                       unix:/run/agent.sock:/***
/// ```
/// What is printed so is a URL again, and shown again it stays what it is.
package enum ShownURL {
    /// What stands for that which is not shown.
    package static let stars = "***"

    /// Whose path is the name of a database. A suffix names a driver (`postgresql+psycopg`).
    private static let databases: Set<String> = [
        "postgresql", "postgres", "redis", "rediss", "valkey", "valkeys", "mysql", "mariadb",
    ]
    /// Whose path is that of a Unix socket, where two slashes follow.
    private static let sockets: Set<String> = ["unix", "redis+unix", "redis+socket"]
    /// NAMEDATALEN of Postgres leaves 63 bytes.
    private static let longestDatabase = 63

    /// The URL as it may be shown; stars where the text is none.
    package static func text(_ url: String) -> String {
        let bytes = Array(url.utf8)
        if References.isAll(bytes) { return url }
        if let sign = bytes.firstIndex(of: "://") {
            let scheme = bytes[..<sign]
            guard isScheme(scheme) || References.isAll(scheme) else { return stars }
            let word = String(decoding: scheme, as: UTF8.self)
            let rest = bytes[(sign + 3)...]
            let shown =
                sockets.contains(word.lowercased())
                ? socket(rest) : network(rest, ofDatabase: isDatabase(word.lowercased()))
            return word + "://" + shown
        }
        guard bytes.starts(with: "unix:/".utf8) else { return stars }
        return plainSocket(bytes[5...])
    }

    /// A text of which every URL is shown as it may be.
    package static func replaced(in text: String) -> String {
        let bytes = Array(text.utf8)
        if bytes.starts(with: "unix:/".utf8), !bytes.holds("://") { return self.text(text) }
        var out: [UInt8] = []
        var done = 0
        var searched = 0
        while let sign = bytes[searched...].firstIndex(of: "://") {
            var start = sign
            while start > done, isSchemeByte(bytes[start - 1]) { start -= 1 }
            while start < sign, !isLetter(bytes[start]) { start += 1 }
            if start == sign, let reference = reference(before: sign, in: bytes[done...]) {
                start = reference
            }
            // A text that begins with a URL is one to its end: a password may hold blanks.
            let isWithin = bytes[..<start].contains { isDelimiter($0) }
            let end = isWithin ? bytes[sign...].firstIndex { isDelimiter($0) } ?? bytes.count : bytes.count
            out += bytes[done..<start]
            out += self.text(String(decoding: bytes[start..<end], as: UTF8.self)).utf8
            done = end
            searched = end
        }
        out += bytes[done...]
        return String(decoding: out, as: UTF8.self)
    }

    /// Whether a URL stands in a text.
    package static func isIn(_ text: String) -> Bool { Array(text.utf8).holds("://") }

    /// Whether a URL in a text holds a user or a password, stars and references apart.
    package static func holdsUser(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard let sign = bytes.firstIndex(of: "://") else { return false }
        let end = bytes[sign...].firstIndex { isDelimiter($0) } ?? bytes.count
        let rest = bytes[(sign + 3)..<end]
        var start = sign
        while start > 0, isSchemeByte(bytes[start - 1]) { start -= 1 }
        let ofDatabase = isDatabase(String(decoding: bytes[start..<sign], as: UTF8.self).lowercased())
        let authority = rest[..<authorityEnd(rest, ofDatabase: ofDatabase)]
        guard let at = authority.lastIndex(of: UInt8(ascii: "@")) else {
            return isHalfAUser(authority) && bytes[authority.endIndex...].contains(UInt8(ascii: "@"))
        }
        return authority[..<at].split(separator: UInt8(ascii: ":")).contains {
            !$0.elementsEqual(stars.utf8) && !References.isAll($0)
        }
    }

    /// Whether what ends before a path is no `host:port`: then a later `@` ends a password with `/`, `?`, `#` or a blank
    /// in it.
    private static func isHalfAUser(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard bytes.first != UInt8(ascii: "["), let colon = bytes.lastIndex(of: UInt8(ascii: ":")) else {
            return false
        }
        let port = bytes[(colon + 1)...]
        return !isPort(port) && !port.elementsEqual(stars.utf8)
    }

    /// Where the reference begins that ends at `end`: `${SCHEME}://`; nil where none does.
    private static func reference(before end: Int, in bytes: ArraySlice<UInt8>) -> Int? {
        guard let start = bytes[..<end].lastIndex(of: UInt8(ascii: "$")),
            References.end(ofReferenceAt: start, in: bytes) == end
        else { return nil }
        return start
    }

    // MARK: - Parts

    /// `user:password@host:port/path?query#fragment`.
    private static func network(_ rest: ArraySlice<UInt8>, ofDatabase: Bool) -> String {
        var place = rest
        var user = ""
        let bound = authorityEnd(rest, ofDatabase: ofDatabase)
        if let at = rest[..<bound].lastIndex(of: UInt8(ascii: "@")) {
            user = self.user(rest[..<at]) + "@"
            place = rest[(at + 1)...]
        }
        // A later `@` may be the one that ends a password with `/`, `?` or `#` in it: then what looks like host, port
        // and path is a part of the password.
        let isCertain = !rest[bound...].contains(UInt8(ascii: "@"))
        let end = place.firstIndex { (ofDatabase ? "/?" : "/?#").utf8.contains($0) } ?? place.endIndex
        let host = place[..<end]
        let behind = place[end...]
        let isReadable =
            isCertain
            && host.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
                .allSatisfy { isPlace($0) }
        return user + (isReadable ? String(decoding: host, as: UTF8.self) : stars)
            + tail(behind, ofDatabase: ofDatabase && isCertain)
    }

    /// Before what user and password end. A password may hold a slash that nobody escaped. The path of a database holds
    /// no `@`, so the last one before the query ends the password; that of a web page may.
    private static func authorityEnd(_ rest: ArraySlice<UInt8>, ofDatabase: Bool) -> Int {
        rest.firstIndex { (ofDatabase ? "?" : "/?#").utf8.contains($0) } ?? rest.endIndex
    }

    private static func user(_ bytes: ArraySlice<UInt8>) -> String {
        bytes.split(separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false).map {
            part in
            part.isEmpty || References.isAll(part) ? String(decoding: part, as: UTF8.self) : stars
        }.joined(separator: ":")
    }

    /// Path, query and fragment.
    private static func tail(_ bytes: ArraySlice<UInt8>, ofDatabase: Bool) -> String {
        var out = ""
        var rest = bytes
        let end = rest.firstIndex { (ofDatabase ? "?" : "?#").utf8.contains($0) } ?? rest.endIndex
        let path = rest[..<end]
        rest = rest[end...]
        if let slash = path.first {
            let name = path.dropFirst()
            let isShown = name.isEmpty || References.isAll(name) || ofDatabase && isDatabaseName(name)
            out.unicodeScalars.append(Unicode.Scalar(slash))
            out += isShown ? String(decoding: name, as: UTF8.self) : stars
        }
        if rest.first == UInt8(ascii: "?") {
            let end = ofDatabase ? rest.endIndex : rest.firstIndex(of: UInt8(ascii: "#")) ?? rest.endIndex
            out += "?" + (rest.dropFirst().startIndex == end ? "" : stars)
            rest = rest[end...]
        }
        if rest.count > 1 { out += "#" + stars }
        return out
    }

    /// `/run/redis.sock?db=1` behind `unix://`.
    private static func socket(_ rest: ArraySlice<UInt8>) -> String {
        let bound = rest.firstIndex(of: UInt8(ascii: "?")) ?? rest.endIndex
        var path = rest[..<bound]
        var out = ""
        if let at = path.lastIndex(of: UInt8(ascii: "@")) {
            out = user(path[..<at]) + "@"
            path = path[(at + 1)...]
        }
        let isCertain = !rest[bound...].contains(UInt8(ascii: "@"))
        out += isCertain && isSocketPath(path) ? String(decoding: path, as: UTF8.self) : stars
        guard bound < rest.endIndex else { return out }
        let query = rest[(bound + 1)...]
        let isDatabase =
            query.starts(with: "db=".utf8) && query.dropFirst(3).allSatisfy { isDigit($0) }
        return out + "?" + (isDatabase || query.isEmpty ? String(decoding: query, as: UTF8.self) : stars)
    }

    /// `/run/agent.sock:/health` behind `unix:`.
    private static func plainSocket(_ rest: ArraySlice<UInt8>) -> String {
        let bound = rest.firstIndex(of: UInt8(ascii: ":")) ?? rest.endIndex
        let path = rest[..<bound]
        let shown = isSocketPath(path) ? String(decoding: path, as: UTF8.self) : "/" + stars
        guard bound < rest.endIndex else { return "unix:" + shown }
        let behind = rest[(bound + 1)...]
        let isPath = behind.isEmpty || behind.first == UInt8(ascii: "/")
        return "unix:" + shown + ":" + (isPath ? tail(behind, ofDatabase: false) : "/" + stars)
    }

    // MARK: - What parts look like

    private static func isScheme(_ bytes: ArraySlice<UInt8>) -> Bool {
        bytes.first.map(isLetter) == true && bytes.count <= 32 && bytes.allSatisfy { isSchemeByte($0) }
    }

    private static func isDatabase(_ scheme: String) -> Bool {
        databases.contains(String(scheme.prefix { $0 != "+" }))
    }

    /// `host`, `host:port`, `[::1]:port`, `%2Frun%2Fpostgresql`; either may be a reference.
    private static func isPlace(_ bytes: ArraySlice<UInt8>) -> Bool {
        var host = bytes
        if bytes.first == UInt8(ascii: "[") {
            guard let close = bytes.firstIndex(of: UInt8(ascii: "]")) else { return false }
            host = bytes[(bytes.startIndex + 1)..<close]
            let behind = bytes[(close + 1)...]
            guard behind.isEmpty || behind.first == UInt8(ascii: ":"), isPort(behind.dropFirst()) else {
                return false
            }
            return host.allSatisfy { isNameByte($0) || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "%") }
        }
        if let colon = bytes.lastIndex(of: UInt8(ascii: ":")) {
            guard isPort(bytes[(colon + 1)...]) else { return false }
            host = bytes[..<colon]
        }
        return host.isEmpty || References.isAll(host)
            || host.allSatisfy { isNameByte($0) || $0 == UInt8(ascii: "%") }
    }

    private static func isPort(_ bytes: ArraySlice<UInt8>) -> Bool {
        bytes.isEmpty || References.isAll(bytes) || bytes.count <= 5 && bytes.allSatisfy { isDigit($0) }
    }

    private static func isDatabaseName(_ bytes: ArraySlice<UInt8>) -> Bool {
        bytes.count <= longestDatabase && bytes.allSatisfy { isNameByte($0) || $0 >= 0x80 }
    }

    private static func isSocketPath(_ bytes: ArraySlice<UInt8>) -> Bool {
        References.isAll(bytes)
            || bytes.first == UInt8(ascii: "/")
                && bytes.allSatisfy { isNameByte($0) || $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "%") }
    }

    /// Letters, digits and what else names of hosts, files and databases are made of.
    private static func isNameByte(_ byte: UInt8) -> Bool {
        isLetter(byte) || isDigit(byte) || "-._".utf8.contains(byte)
    }

    private static func isSchemeByte(_ byte: UInt8) -> Bool {
        isLetter(byte) || isDigit(byte) || "+-.".utf8.contains(byte)
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    /// What ends a URL within a text.
    private static func isDelimiter(_ byte: UInt8) -> Bool {
        byte <= 0x20 || "\"'<>`".utf8.contains(byte)
    }
}
