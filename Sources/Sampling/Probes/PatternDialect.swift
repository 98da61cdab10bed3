// SPDX-License-Identifier: Apache-2.0

/// What other dialects of regular expressions have and POSIX does not. glibc takes most of it without a word and for
/// something else: `\d` is the letter d, `[\d]` a backslash or a d, `a+?` nothing or many. A check with such a pattern
/// would never find what it looks for, or always.
///
/// glibc's own additions work as people expect and are taken: `\w \W \s \S \b \B \< \> \' ` and the backtick's. Not so
/// back references, which glibc knows in extended expressions too.
struct PatternDialect {
    /// What is wrong, as a predicate, and what to write instead; nil where nothing is.
    private(set) var problem: (fact: String, remedy: String)?

    private let text: [UInt8]
    private var index = 0

    /// Looks through a pattern.
    init(_ pattern: String) {
        text = Array(pattern.utf8)
        var isBehindRepetition = false
        while index < text.count, problem == nil {
            let byte = text[index]
            index += 1
            switch byte {
            case UInt8(ascii: "\\"):
                escape()
                isBehindRepetition = false
            case UInt8(ascii: "["):
                set()
                isBehindRepetition = false
            case UInt8(ascii: "(") where next == UInt8(ascii: "?"):
                problem = (
                    "has a group with (?, which is not part of POSIX",
                    "Write ( ) only: flags and look-around are not supported. Instead of (?i) write [Aa] for each letter."
                )
            case UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "?"), UInt8(ascii: "}"):
                if byte == UInt8(ascii: "}"), !endsBounds {
                    isBehindRepetition = false
                    break
                }
                if isBehindRepetition, byte == UInt8(ascii: "?") || byte == UInt8(ascii: "+") {
                    problem = (
                        "has a lazy or possessive repetition such as +?",
                        "Write the repetition alone: what counts is whether the pattern matches, not how much of the text."
                    )
                }
                isBehindRepetition = true
            default: isBehindRepetition = false
            }
        }
    }

    /// Behind a backslash outside of brackets.
    private mutating func escape() {
        guard let byte = next else { return }
        index += 1
        let word = "\\" + String(decoding: [byte], as: UTF8.self)
        switch byte {
        case UInt8(ascii: "w"), UInt8(ascii: "W"), UInt8(ascii: "s"), UInt8(ascii: "S"), UInt8(ascii: "b"),
            UInt8(ascii: "B"):
            return
        case UInt8(ascii: "1")...UInt8(ascii: "9"):
            // The only thing that makes regexec(3) of glibc search without a bound: its memory and its time grow with
            // the square of the text and worse, `([a-z]+)-\1!` takes 85 MiB and 26 s on 6 KB.
            problem = (
                "refers back (\(word)), which may take for ever to match",
                "Write the pattern without it."
            )
        case UInt8(ascii: "d"): problem = (fact(word), "Write [0-9].")
        case UInt8(ascii: "D"): problem = (fact(word), "Write [^0-9].")
        case UInt8(ascii: "A"), UInt8(ascii: "Z"), UInt8(ascii: "z"):
            problem = (fact(word), "Write ^ or $ for the ends of a line.")
        case UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"), UInt8(ascii: "f"), UInt8(ascii: "v"):
            problem = (
                fact(word), "Write [[:space:]], or the character itself: \(word) with one backslash in JSON."
            )
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A:
            problem = (fact(word), "Write the character itself, or a class such as [[:alpha:]].")
        default: return
        }
    }

    private func fact(_ word: String) -> String {
        "has \(word), which is not part of POSIX: it matches the letter or digit itself"
    }

    /// Behind the bracket that opens a set.
    private mutating func set() {
        let start = index
        if next == UInt8(ascii: "^") { index += 1 }
        if next == UInt8(ascii: "]") { index += 1 }
        while index < text.count {
            let byte = text[index]
            index += 1
            switch byte {
            case UInt8(ascii: "]"):
                let inside = text[start..<(index - 1)]
                if inside.count > 2, inside.first == UInt8(ascii: ":"), inside.last == UInt8(ascii: ":") {
                    problem = ("has a class outside of brackets", "Write it in two pairs: [[:digit:]].")
                }
                return
            case UInt8(ascii: "\\"):
                guard let other = next else { return }
                switch other {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "]"), UInt8(ascii: "-"):
                    problem = (
                        "has a backslash between brackets, where it stands for itself",
                        "Write classes such as [[:digit:]_] for \\d and \\w, ] as the first and - as the last of a set."
                    )
                    return
                case UInt8(ascii: "\\"): index += 1
                default: break
                }
            case UInt8(ascii: "["):
                guard let mark = next, ":.=".utf8.contains(mark) else { continue }
                index += 1
                while index + 1 < text.count, text[index] != mark || text[index + 1] != UInt8(ascii: "]") {
                    index += 1
                }
                index = min(index + 2, text.count)
            default: break
            }
        }
    }

    private var next: UInt8? { index < text.count ? text[index] : nil }

    /// Whether the brace that was just read ends a repetition, `{2,5}`.
    private var endsBounds: Bool {
        var start = index - 1
        while start > 0, (0x30...0x39).contains(text[start - 1]) || text[start - 1] == UInt8(ascii: ",") {
            start -= 1
        }
        return start < index - 1 && start > 0 && text[start - 1] == UInt8(ascii: "{")
    }
}
