// SPDX-License-Identifier: Apache-2.0

/// What a check is about, as it may be shown to everybody: on the page, on the socket, in the log.
///
/// The one way to make one is from parts that are known, and each is looked at: a part that cannot be what it should
/// be, such as a host that holds an `@`, is not shown. So a kind that puts a whole URL here shows nothing of it.
package struct ShownTarget: Sendable, Hashable, CustomStringConvertible {
    /// The text.
    package let description: String

    /// A server: `localhost:5432`, `[::1]:80` or the path of a Unix socket, with its scheme in front and the name of a
    /// database behind, where there is one.
    package init(scheme: String? = nil, place: String, database: String? = nil) {
        var text = scheme.map { $0 + (Self.isPath(place) ? ":" : "://") } ?? ""
        text += Self.isPlace(place) ? place : ShownURL.stars
        if let database { text += "/" + (Self.isName(database) ? database : ShownURL.stars) }
        description = text
    }

    /// Names or patterns of units and containers.
    package init(names: [String]) {
        description = names.map { Self.isName($0) || Self.isPath($0) ? $0 : ShownURL.stars }
            .joined(separator: " ")
    }

    /// A path.
    package init(path: String) { description = Self.isPath(path) ? path : ShownURL.stars }

    /// A sentence of fixed words and numbers, in which nothing of the configuration's texts stands.
    package init(words: String) { description = words }

    private static func isPlace(_ text: String) -> Bool {
        isPath(text) || text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F && !"@/=?#".utf8.contains($0) }
    }

    private static func isPath(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        return bytes.first == UInt8(ascii: "/") && !bytes.holds("://") && bytes.allSatisfy { $0 >= 0x20 }
    }

    /// `agno@1.service` is a name; `user:password@host` is none.
    private static func isName(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard bytes.count <= 255, bytes.allSatisfy({ $0 > 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "=") }),
            !bytes.holds("://")
        else { return false }
        guard let at = bytes.lastIndex(of: UInt8(ascii: "@")) else { return true }
        return !bytes[..<at].contains(UInt8(ascii: ":"))
    }
}
