// SPDX-License-Identifier: Apache-2.0

/// Hides what must not be seen in texts of the configuration that are shown: of a URL all but `ShownURL`, and the
/// password of a keyword string (`host=… password=…`).
///
/// An environment reference (`${PGPASSWORD}`) is no secret: it is shown as written.
package enum SecretMask {
    /// What stands for a secret.
    package static let stars = ShownURL.stars

    /// Keywords of connection strings whose value is a secret.
    private static let keywords = ["password", "sslpassword", "passwd", "pwd"]

    /// The text with its secrets replaced by stars; the very text where it holds none.
    package static func mask(_ text: String) -> String {
        var bytes = Array(ShownURL.replaced(in: text).utf8)
        // From the last to the first, so that the places of the others stay.
        for range in passwords(bytes).reversed() where !isReference(bytes[range]) {
            bytes.replaceSubrange(range, with: stars.utf8)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Whether the text holds a credential that is written out: the user of a URL, `password=…`, or a parameter of a
    /// query whose name says so.
    package static func holdsCredential(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        return ShownURL.holdsUser(text) || passwords(bytes).contains { !isReference(bytes[$0]) }
            || bytes.holds("://") && queryNames(bytes).contains { isCredentialName($0) }
    }

    /// Whether a member of this name in a list of HTTP headers carries a credential.
    package static func isSecretHeader(_ name: String) -> Bool {
        let name = name.lowercased()
        if ["authorization", "proxy-authorization", "cookie"].contains(name) { return true }
        let words = name.split { $0 == "-" || $0 == "_" }
        return words.contains { isCredentialName(String($0)) }
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
            if let end = References.end(ofReferenceAt: i, in: bytes[...]) {
                references += 1
                i = end
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

    /// The names of the parameters in a URL's query and fragment, decoded.
    private static func queryNames(_ bytes: [UInt8]) -> [String] {
        guard let question = bytes.firstIndex(where: { "?#".utf8.contains($0) }) else { return [] }
        return bytes[(question + 1)...].split { "&#?".utf8.contains($0) }.map { item in
            var name: [UInt8] = []
            var rest = item.prefix { $0 != UInt8(ascii: "=") }[...]
            while let byte = rest.popFirst() {
                let digits = rest.prefix(2)
                guard byte == UInt8(ascii: "%"), digits.count == 2,
                    let decoded = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
                else {
                    name.append(byte)
                    continue
                }
                rest = rest.dropFirst(2)
                name.append(decoded)
            }
            return String(decoding: name, as: UTF8.self)
        }
    }

    /// Whether a name is that of a credential, however it is written: `api-key`, `accessToken`, `X-Amz-Signature`.
    private static func isCredentialName(_ name: String) -> Bool {
        let letters = name.lowercased().utf8.filter { !"-_.".utf8.contains($0) }
        let word = String(decoding: letters, as: UTF8.self)
        if ["pass", "key", "sig", "code", "auth", "sas", "session"].contains(word) { return true }
        let telling: [StaticString] = [
            "token", "secret", "password", "passwd", "pwd", "apikey", "accesskey", "signature", "credential",
            "jwt",
        ]
        return telling.contains { letters.holds($0) }
    }

    /// The values of `password=` and its like, each where the keyword begins a word.
    private static func passwords(_ bytes: [UInt8]) -> [Range<Int>] {
        keywords.flatMap { values(of: $0, bytes) }.sorted { $0.lowerBound < $1.lowerBound }
    }

    /// The values of `key=` where that begins a word: at the start, or behind a blank, `?`, `&` or `;`.
    private static func values(of key: String, _ bytes: [UInt8]) -> [Range<Int>] {
        let word = Array(key.utf8)
        var found: [Range<Int>] = []
        var i = 0
        while i + word.count < bytes.count {
            defer { i += 1 }
            guard i == 0 || [0x20, 0x09, 0x0A].contains(bytes[i - 1]) || "?&;".utf8.contains(bytes[i - 1]),
                zip(bytes[i..<i + word.count], word).allSatisfy({ $0 | 0x20 == $1 })
            else { continue }
            var j = i + word.count
            while j < bytes.count, bytes[j] == 0x20 { j += 1 }  // libpq allows blanks around the sign
            guard j < bytes.count, bytes[j] == UInt8(ascii: "=") else { continue }
            j += 1
            while j < bytes.count, bytes[j] == 0x20 { j += 1 }
            if let range = valueRange(bytes, from: j) {
                found.append(range)
                i = range.upperBound - 1
            }
        }
        return found
    }

    /// A value as libpq has it: in single quotes with backslashes, or up to a blank.
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
                if [0x20, 0x09, 0x0A].contains(bytes[j]) { break }
                j += 1
            }
        }
        j = min(j, bytes.count)
        return j > start ? start..<j : nil
    }

    /// Whether all of it is one `${NAME}`, or stars already.
    private static func isReference(_ text: ArraySlice<UInt8>) -> Bool {
        text.elementsEqual(stars.utf8)
            || References.end(ofReferenceAt: text.startIndex, in: text) == text.endIndex
    }
}
