// SPDX-License-Identifier: Apache-2.0

/// Picks containers and units by shell globs on name, unit or id prefix; `!` excludes; the first match wins.
///
/// A unit is also picked by the name that systemctl shows, escapes and all: in a glob the backslash of
/// `my\x2ddash.service` would only make the `x` plain.
///
/// `self` is the cgroup of vitald itself and `host` the root; both are answered by whoever reads the kernel.
package struct Selection: Sendable, Hashable {
    /// What a selection is made for.
    package enum Scope: Sendable, Hashable {
        /// Whatever the patterns match: a page, a list.
        case everything
        /// Containers. A unit or another cgroup only where a pattern is about it: `*` is about every container and about
        /// nothing else.
        case containers
        /// systemd units, by their names alone.
        case units
    }

    /// The patterns in order.
    package let patterns: [String]
    /// What it is made for.
    package let scope: Scope

    /// Makes a selection.
    package init(_ patterns: [String], scope: Scope = .everything) {
        self.patterns = patterns
        self.scope = scope
    }

    /// Everything.
    package static let all = Selection(["*"])

    /// Whether this identity is picked.
    package func picks(_ identity: ContainerIdentity) -> Bool {
        for pattern in patterns where covers(pattern, identity) { return !Self.excludes(pattern) }
        return false
    }

    /// Whether one of the patterns is about this identity, be it to pick or to exclude it.
    package func covers(_ pattern: String, _ identity: ContainerIdentity) -> Bool {
        let word = Self.word(pattern)
        switch scope {
        case .everything: return Self.matches(word, identity)
        case .units: return Self.isUnit(word, identity)
        case .containers:
            if word == "/" || word == "host" { return identity.id == "/" }
            if Self.excludes(pattern) || !identity.name.isEmpty { return Self.matches(word, identity) }
            if identity.id == "/" { return false }
            // A cgroup of which nobody knows what it is goes by its path alone.
            if identity.unit.isEmpty { return word == identity.id }
            return !Self.isCatchAll(word) && Self.matches(word, identity)
        }
    }

    /// Whether a pattern excludes.
    package static func excludes(_ pattern: String) -> Bool { pattern.utf8.first == UInt8(ascii: "!") }

    /// A pattern without the mark that makes it exclude.
    package static func word(_ pattern: String) -> String {
        excludes(pattern) ? String(pattern.dropFirst()) : pattern
    }

    /// Whether a pattern picks what it names to the letter.
    package static func isLiteral(_ pattern: String) -> Bool {
        !excludes(pattern)
            && !pattern.utf8.contains {
                $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "[")
            }
    }

    /// The names that are written out and belong to none of these. `self` and what is excluded before it is named are not
    /// among them.
    package func unanswered(by identities: [ContainerIdentity]) -> [String] {
        patterns.enumerated().compactMap { index, pattern in
            guard Self.isLiteral(pattern), pattern != "self" else { return nil }
            let isExcluded = patterns[..<index].contains {
                Self.excludes($0) && Glob.matches(Self.word($0), pattern)
            }
            guard !isExcluded else { return nil }
            let isThere = identities.contains { identity in
                pattern == "host" ? identity.id == "/" : covers(pattern, identity)
            }
            return isThere ? nil : pattern
        }
    }

    /// Whether everything that it can pick is named in it and among these.
    package func isAnswered(by identities: [ContainerIdentity]) -> Bool {
        patterns.allSatisfy { Self.excludes($0) || Self.isLiteral($0) } && unanswered(by: identities).isEmpty
    }

    private static func matches(_ glob: String, _ identity: ContainerIdentity) -> Bool {
        Glob.matches(glob, identity.name) || Glob.matches(glob, identity.unit)
            || Glob.matches(glob, identity.id) || isDirectory(glob, of: identity)
            || (glob.utf8.first == UInt8(ascii: "/") && identity.id.utf8.starts(with: glob.utf8)
                && (identity.id.utf8.count == glob.utf8.count || glob.utf8.last == UInt8(ascii: "/")
                    || Array(identity.id.utf8)[glob.utf8.count] == UInt8(ascii: "/")))
    }

    /// Whether a pattern is about a unit: by its plain name, or by the escaped one of its directory.
    private static func isUnit(_ glob: String, _ identity: ContainerIdentity) -> Bool {
        // The root is a slice too.
        guard identity.id != "/" else { return glob == "-.slice" }
        guard !identity.unit.isEmpty else { return false }
        return Glob.matches(glob, identity.unit)
            || Glob.matches(glob, identity.id.split(separator: "/").last.map(String.init) ?? "")
    }

    /// Whether a pattern says nothing of what it is about.
    private static func isCatchAll(_ glob: String) -> Bool {
        glob.utf8.allSatisfy { $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "/") }
    }

    /// Whether a pattern is, to the letter, the escaped name of the directory that the identity stands for.
    private static func isDirectory(_ pattern: String, of identity: ContainerIdentity) -> Bool {
        guard pattern.utf8.contains(UInt8(ascii: "\\")) else { return false }
        return identity.id.utf8.reversed().starts(with: ("/" + pattern).utf8.reversed())
    }
}

/// Shell globs over whole texts: `*` any run, `?` one byte, `[a-z]` and `[!a-z]` sets; no special slash.
package enum Glob {
    /// What a pattern without stars and sets means to the letter: every backslash makes the next byte plain.
    package static func plain(_ pattern: String) -> String {
        var bytes: [UInt8] = []
        var isEscaped = false
        for byte in pattern.utf8 {
            isEscaped = byte == UInt8(ascii: "\\") && !isEscaped
            if !isEscaped { bytes.append(byte) }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Whether the pattern covers the whole text; works in linear space, without recursion.
    package static func matches(_ pattern: String, _ text: String) -> Bool {
        let p = Array(pattern.utf8)
        let t = Array(text.utf8)
        var i = 0
        var j = 0
        var star = -1
        var mark = 0
        while j < t.count {
            if i < p.count, p[i] == UInt8(ascii: "*") {
                star = i
                mark = j
                i += 1
            } else if i < p.count, let next = step(p, i, t[j]) {
                i = next
                j += 1
            } else if star >= 0 {
                i = star + 1
                mark += 1
                j = mark
            } else {
                return false
            }
        }
        while i < p.count, p[i] == UInt8(ascii: "*") { i += 1 }
        return i == p.count
    }

    /// Where the pattern goes on when its element at `i` covers the byte; nil when it does not.
    private static func step(_ p: [UInt8], _ i: Int, _ byte: UInt8) -> Int? {
        switch p[i] {
        case UInt8(ascii: "?"): return i + 1
        case UInt8(ascii: "\\") where i + 1 < p.count: return p[i + 1] == byte ? i + 2 : nil
        case UInt8(ascii: "["):
            var k = i + 1
            let negated = k < p.count && (p[k] == UInt8(ascii: "!") || p[k] == UInt8(ascii: "^"))
            if negated { k += 1 }
            // A bracket right behind the opening is a member, as in every shell.
            guard k < p.count, let close = p[(k + 1)...].firstIndex(of: UInt8(ascii: "]")) else {
                return byte == p[i] ? i + 1 : nil
            }
            var hit = false
            while k < close {
                if k + 2 < close, p[k + 1] == UInt8(ascii: "-") {
                    hit = hit || (p[k] <= byte && byte <= p[k + 2])
                    k += 3
                } else {
                    hit = hit || p[k] == byte
                    k += 1
                }
            }
            return hit != negated ? close + 1 : nil
        default: return p[i] == byte ? i + 1 : nil
        }
    }
}
