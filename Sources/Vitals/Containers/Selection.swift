// SPDX-License-Identifier: Apache-2.0

/// Picks containers and units by shell globs on name, unit or id prefix; `!` excludes; the first match wins.
///
/// A unit is also picked by the name that systemctl shows, escapes and all: in a glob the backslash of
/// `my\x2ddash.service` would only make the `x` plain.
///
/// `self` is the cgroup of vitald itself and `host` the root; both are answered by whoever reads the kernel.
package struct Selection: Sendable, Hashable {
    /// The patterns in order.
    package let patterns: [String]

    /// Makes a selection.
    package init(_ patterns: [String]) { self.patterns = patterns }

    /// Everything.
    package static let all = Selection(["*"])

    /// Whether this identity is picked.
    package func picks(_ identity: ContainerIdentity) -> Bool {
        for pattern in patterns {
            let excludes = pattern.utf8.first == UInt8(ascii: "!")
            let glob = excludes ? String(pattern.dropFirst()) : pattern
            let matches =
                Glob.matches(glob, identity.name) || Glob.matches(glob, identity.unit)
                || Glob.matches(glob, identity.id) || Self.isDirectory(glob, of: identity)
                || (glob.utf8.first == UInt8(ascii: "/") && identity.id.utf8.starts(with: glob.utf8)
                    && (identity.id.utf8.count == glob.utf8.count || glob.utf8.last == UInt8(ascii: "/")
                        || Array(identity.id.utf8)[glob.utf8.count] == UInt8(ascii: "/")))
            if matches { return !excludes }
        }
        return false
    }

    /// Whether a pattern is, to the letter, the escaped name of the directory that the identity stands for.
    private static func isDirectory(_ pattern: String, of identity: ContainerIdentity) -> Bool {
        guard pattern.utf8.contains(UInt8(ascii: "\\")) else { return false }
        return identity.id.utf8.reversed().starts(with: ("/" + pattern).utf8.reversed())
    }
}

/// Shell globs over whole texts: `*` any run, `?` one byte, `[a-z]` and `[!a-z]` sets; no special slash.
package enum Glob {
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
