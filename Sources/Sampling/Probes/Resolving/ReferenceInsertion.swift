// SPDX-License-Identifier: Apache-2.0

import Vitals

/// Puts what a reference to the environment stands for into an address without letting it change the address's parts:
/// a password with a slash or an `@` stays a password, and does not become the host that is shown.
///
/// A value stands for the URL's text, so `%2F` in it is a slash; only what would end the part in which the reference
/// stands is encoded. A reference that stands for the whole address is put in as it is.
enum ReferenceInsertion {
    /// For `scheme://user:password@host:port/path` of an HTTP server.
    static func web(_ value: String, _ position: Int, _ written: [UInt8]) -> String {
        authority(value, position, written, ends: "/?#") ?? value
    }

    /// For a URL of a database.
    static func url(_ value: String, _ position: Int, _ written: [UInt8]) -> String {
        guard let sign = separator(written), position > sign else { return value }
        if let inserted = authority(value, position, written, ends: "/?") { return inserted }
        let before = written[sign..<position]
        guard let question = before.firstIndex(of: UInt8(ascii: "?")) else {
            return encode(value, "@")  // in the name of the database
        }
        let pair = before[question...].split(separator: UInt8(ascii: "&")).last ?? []
        return pair.contains(UInt8(ascii: "=")) ? encode(value, "&") : value
    }

    /// For either form that libpq knows.
    static func postgres(_ value: String, _ position: Int, _ written: [UInt8]) -> String {
        if separator(written) != nil { return url(value, position, written) }
        switch PostgresKeywords.place(of: position, in: written) {
        case .between: return value
        case .quoted: return escape(value, "'\\")
        case .value(let isFirst):
            // Without quotes an empty value would take the next word for itself.
            return value.isEmpty && isFirst ? "''" : escape(value, "'\\ \t\n\u{B}\u{C}\r")
        }
    }

    /// The value for a place in user, password, host and port; nil for a place behind them.
    private static func authority(
        _ value: String, _ position: Int, _ written: [UInt8], ends: StaticString
    ) -> String? {
        guard let sign = separator(written), position > sign else { return value }
        let rest = written[(sign + 3)...]
        let end = ends.withUTF8Buffer { ends in rest.firstIndex { ends.contains($0) } } ?? rest.endIndex
        guard position < end else { return nil }
        guard let at = rest[..<end].lastIndex(of: UInt8(ascii: "@")) else {
            // The user may come along in it, and the port.
            return encode(value, "/?#")
        }
        guard position < at else { return encode(value, "/?#@") }
        let colon = rest[..<at].firstIndex(of: UInt8(ascii: ":"))
        // With a colon behind it, it is the user alone; without any it may be user and password.
        return encode(value, colon.map { position < $0 } == true ? "/?#@:" : "/?#@")
    }

    /// Where `://` stands in what is written.
    private static func separator(_ written: [UInt8]) -> Int? {
        written.indices.first { written[$0...].starts(with: "://".utf8) }
    }

    private static func encode(_ value: String, _ special: StaticString) -> String {
        replace(value, special) { byte in
            let digits = String(byte, radix: 16, uppercase: true)
            return "%" + (digits.utf8.count == 1 ? "0" : "") + digits
        }
    }

    private static func escape(_ value: String, _ special: StaticString) -> String {
        replace(value, special) { "\\" + String(decoding: [$0], as: UTF8.self) }
    }

    private static func replace(
        _ value: String, _ special: StaticString, _ replacement: (UInt8) -> String
    ) -> String {
        var out: [UInt8] = []
        special.withUTF8Buffer { special in
            for byte in value.utf8 {
                if special.contains(byte) { out += replacement(byte).utf8 } else { out.append(byte) }
            }
        }
        return String(decoding: out, as: UTF8.self)
    }
}
