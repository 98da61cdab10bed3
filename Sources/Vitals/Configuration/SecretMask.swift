// SPDX-License-Identifier: Apache-2.0

/// Hides what must not be seen in texts of the configuration that are shown: the password of a URL
/// (`scheme://user:password@host`), the credentials in its query (`?token=…`), and the password of a libpq keyword
/// string (`host=… password=…`).
///
/// An environment reference (`${PGPASSWORD}`) is no secret: it is shown as written.
package enum SecretMask {
    /// What stands for a secret.
    package static let stars = "***"

    /// The text with its passwords replaced by stars; the very text where it holds none.
    package static func mask(_ text: String) -> String {
        var bytes = Array(text.utf8)
        if let range = urlPassword(bytes), !isReference(bytes[range]) {
            bytes.replaceSubrange(range, with: stars.utf8)
        }
        for key in ["password", "sslpassword"] {
            if let range = parameter(key, bytes), !isReference(bytes[range]) {
                bytes.replaceSubrange(range, with: stars.utf8)
            }
        }
        // From the last to the first, so that the places of the others stay.
        for range in queryCredentials(bytes).reversed() where !isReference(bytes[range]) {
            bytes.replaceSubrange(range, with: stars.utf8)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Whether the text holds a password that is written out.
    package static func hidesSomething(in text: String) -> Bool { mask(text) != text }

    /// Whether a member of this name in a list of HTTP headers carries a credential.
    package static func isSecretHeader(_ name: String) -> Bool {
        let name = name.lowercased()
        if ["authorization", "proxy-authorization", "cookie"].contains(name) { return true }
        let words = name.split { $0 == "-" || $0 == "_" }
        return words.contains { ["token", "secret", "password", "key", "apikey", "auth"].contains($0) }
    }

    /// The value of an HTTP header as it may be shown: stars where the header carries a credential, unless that is
    /// an environment reference.
    package static func mask(header name: String, _ value: String) -> String {
        isSecretHeader(name) && !refersOut(value) ? stars : mask(value)
    }

    /// Whether a text is made of references to the environment alone, with colons or blanks between them and at
    /// most the name of an authentication scheme in front: `${USER}:${PASSWORD}`, `Bearer ${TOKEN}`. What stands
    /// beside a reference may be a secret.
    package static func refersOut(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        var rest: [UInt8] = []
        var references = 0
        var i = 0
        while i < bytes.count {
            if bytes[i] == UInt8(ascii: "$"), i + 1 < bytes.count, bytes[i + 1] == UInt8(ascii: "{"),
                let end = bytes[i...].firstIndex(of: UInt8(ascii: "}"))
            {
                references += 1
                i = end + 1
            } else {
                rest.append(bytes[i])
                i += 1
            }
        }
        guard references > 0 else { return false }
        let words = rest.split { $0 == UInt8(ascii: ":") || $0 == 0x20 }
        let scheme = words.first.map { String(decoding: $0, as: UTF8.self).lowercased() }
        return words.isEmpty
            || words.count == 1 && ["bearer", "basic", "token"].contains(scheme)
                && bytes.starts(with: words[0])
    }

    /// The values of a URL's query whose names tell of a credential: `?access_token=…&api_key=…`.
    private static func queryCredentials(_ bytes: [UInt8]) -> [Range<Int>] {
        let separator = Array("://".utf8)
        let isURL =
            bytes.starts(with: "unix:".utf8)
            || bytes.indices.contains { bytes[$0...].starts(with: separator) }
        guard isURL, let question = bytes.firstIndex(of: UInt8(ascii: "?")) else { return [] }
        let end = bytes[question...].firstIndex(of: UInt8(ascii: "#")) ?? bytes.count
        return bytes[(question + 1)..<end].split(separator: UInt8(ascii: "&")).compactMap { item in
            guard let sign = item.firstIndex(of: UInt8(ascii: "=")), sign + 1 < item.endIndex else {
                return nil
            }
            let name = String(decoding: item[..<sign], as: UTF8.self)
            let isSecret = isSecretHeader(name) || ["sig", "signature"].contains(name.lowercased())
            return isSecret ? sign + 1..<item.endIndex : nil
        }
    }

    /// The password of `scheme://user:password@…`: from the first colon of the authority to its last `@`.
    private static func urlPassword(_ bytes: [UInt8]) -> Range<Int>? {
        let separator = Array("://".utf8)
        guard bytes.count > 3,
            let scheme = (0..<bytes.count - 2).first(where: { bytes[$0..<$0 + 3].elementsEqual(separator) })
        else { return nil }
        let start = scheme + 3
        // A password may hold a slash that nobody escaped, so for databases the last `@` before a query counts
        // rather than the first slash; the path of an http URL may well hold an `@`.
        let isWeb = bytes.starts(with: "http".utf8)
        let end = bytes[start...].firstIndex {
            $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") || isWeb && $0 == UInt8(ascii: "/")
        }
        guard let at = bytes[start..<(end ?? bytes.count)].lastIndex(of: UInt8(ascii: "@")),
            let colon = bytes[start..<at].firstIndex(of: UInt8(ascii: ":")), colon + 1 < at
        else { return nil }
        return colon + 1..<at
    }

    /// The value of `key=` where that begins a word: at the start, or behind a blank, `?` or `&`.
    private static func parameter(_ key: String, _ bytes: [UInt8]) -> Range<Int>? {
        let word = Array(key.utf8)
        var i = 0
        while i + word.count < bytes.count {
            defer { i += 1 }
            guard i == 0 || [0x20, 0x09, 0x0A, UInt8(ascii: "?"), UInt8(ascii: "&")].contains(bytes[i - 1]),
                bytes[i..<i + word.count].elementsEqual(word)
            else { continue }
            var j = i + word.count
            while j < bytes.count, bytes[j] == 0x20 { j += 1 }  // libpq allows blanks around the sign
            guard j < bytes.count, bytes[j] == UInt8(ascii: "=") else { continue }
            j += 1
            while j < bytes.count, bytes[j] == 0x20 { j += 1 }
            return valueRange(bytes, from: j)
        }
        return nil
    }

    /// A value as libpq has it: in single quotes with backslashes, or up to a blank; in a URL also up to `&`.
    private static func valueRange(_ bytes: [UInt8], from start: Int) -> Range<Int>? {
        var j = start
        let isQuoted = j < bytes.count && bytes[j] == UInt8(ascii: "'")
        if isQuoted { j += 1 }
        while j < bytes.count {
            if bytes[j] == UInt8(ascii: "\\") {
                j += 2
                continue
            }
            if isQuoted {
                j += 1
                if bytes[j - 1] == UInt8(ascii: "'") { break }
            } else {
                if [0x20, 0x09, 0x0A, UInt8(ascii: "&"), UInt8(ascii: "#")].contains(bytes[j]) { break }
                j += 1
            }
        }
        j = min(j, bytes.count)
        return j > start ? start..<j : nil
    }

    /// Whether all of it is one `${NAME}`, or stars already.
    private static func isReference(_ text: ArraySlice<UInt8>) -> Bool {
        if text.elementsEqual(stars.utf8) { return true }
        guard text.count > 3, text.starts(with: "${".utf8), text.last == UInt8(ascii: "}") else {
            return false
        }
        return text.dropFirst(2).firstIndex(of: UInt8(ascii: "}")) == text.endIndex - 1
    }
}
