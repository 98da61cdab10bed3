// SPDX-License-Identifier: Apache-2.0

package import Vitals

/// The headers that the configuration adds to the request. Their values may be secrets.
package struct HTTPHeaderList: Sendable, Hashable {
    /// One header.
    package struct Entry: Sendable, Hashable {
        /// The name as it is sent.
        package let name: String
        /// The value.
        package let value: Secret
    }

    /// The headers in the order in which they are sent.
    package private(set) var entries: [Entry] = []

    /// What frames the message is written by vitald itself.
    private static let own: Set<String> = [
        "connection", "content-length", "expect", "keep-alive", "proxy-connection", "te", "trailer",
        "transfer-encoding", "upgrade",
    ]
    /// More is a slip, and servers refuse it.
    static let limit = 64
    /// Most servers take 8 KiB for all headers.
    static let longestValue = 8192

    /// Reads the keys `headers` and `headerFiles`.
    package init(reading object: inout ConfigurationObject) {
        for (index, (name, value)) in object.namedStrings("headers", mask: Self.masked).enumerated() {
            add(name, value, &object, at: "headers", index)
        }
        object.remember(credential: nil, at: "headerFiles")
        for (index, (name, path)) in object.namedStrings("headerFiles", mask: { $1 }).enumerated() {
            let shown = Self.shown(name, index)
            guard let text = object.readSecret(path, "headerFiles", subject: "\(shown): ") else { continue }
            // An editor ends a file with a line feed.
            let end = text.utf8.lastIndex { $0 != 0x0A && $0 != 0x0D }.map { text.utf8.index(after: $0) }
            add(name, String(text[..<(end ?? text.startIndex)]), &object, at: "headerFiles", index)
        }
        if entries.count > Self.limit {
            object.fault(
                "headers", "there are \(entries.count) headers, the most are \(Self.limit)",
                remedy: "Remove some.")
        }
    }

    /// Whether there is a header of this name, which is written in small letters.
    package func has(_ name: String) -> Bool { entries.contains { Self.small($0.name) == name } }

    private mutating func add(
        _ name: String, _ value: String, _ object: inout ConfigurationObject, at key: String, _ index: Int
    ) {
        let shown = Self.shown(name, index)
        guard Self.isName(name) else {
            object.fault(
                key, "\(shown): this is not a valid header name",
                remedy:
                    "Write letters, digits and dashes, for example \"X-Probe\", and the value after the colon."
            )
            return
        }
        // The value is not shown: it may be a secret.
        guard value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else {
            object.fault(
                key, "\(shown): the value holds a line feed or another control character",
                remedy: "Write one line of text.")
            return
        }
        guard value.utf8.count <= Self.longestValue else {
            object.fault(
                key, "\(shown): the value is longer than \(Self.longestValue) bytes",
                remedy: "Shorten it.")
            return
        }
        guard !Self.own.contains(Self.small(name)) else {
            object.fault(key, "\(shown) is written by vitald itself", remedy: "Remove it.")
            return
        }
        guard !has(Self.small(name)) else {
            object.fault(key, "\(shown) is listed twice", remedy: "Keep one of them.")
            return
        }
        entries.append(Entry(name: name, value: Secret(value)))
    }

    /// The name of a header in quotes; its number where it is none, for then it may be a whole header.
    private static func shown(_ name: String, _ index: Int) -> String {
        isName(name) ? Quotation.quote(name, else: "header \(index + 1)") : "header \(index + 1)"
    }

    private static func isName(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.count <= 256 && name.utf8.allSatisfy(isTokenByte)
    }

    /// What may be shown of a header: a reference to the environment, or a value under a name that is known to be
    /// harmless; stars for everything else.
    private static func masked(_ name: String, _ value: String) -> String {
        let harmless: Set<String> = [
            "accept", "accept-encoding", "accept-language", "cache-control", "content-type", "host", "origin",
            "referer", "user-agent",
        ]
        if SecretMask.refersOut(value) { return value }
        return harmless.contains(small(name)) ? SecretMask.mask(value) : ShownURL.stars
    }

    private static func small(_ name: String) -> String {
        String(decoding: name.utf8.map(HostText.lowercased), as: UTF8.self)
    }

    /// `tchar` of RFC 9110, 5.6.2.
    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}
