// SPDX-License-Identifier: Apache-2.0

/// How large a regular expression grows when it is compiled.
///
/// regcomp(3) of glibc writes repetitions out: `(ab){1,100}` becomes two hundred positions, of which each optional one
/// is linked with all behind it. 15 characters, `(a{1,255}){1,255}`, take 300 MB so, and a few more all there is.
/// Counted here are positions, an optional one twice, before anything is compiled.
struct PatternSize {
    /// So much is some MB at worst; a text to the letter may be as long as a pattern can.
    static let most = 1000
    /// Groups in groups: the compiler calls itself for each, on stacks of threads that are small.
    static let deepest = 50

    /// Positions when all is written out.
    private(set) var positions = 0
    /// The deepest nesting of groups.
    private(set) var depth = 0

    /// How often something wide is repeated behind a repetition of any length; see `mostWindow`.
    private(set) var window = 0

    /// In `x.*a.{40}b` the search must remember which of the last forty bytes were an `a`: each new combination is a
    /// state of 3 KB, and two to the fortieth are there to be met. Eight take 1.2 MB, twelve already 14.
    static let mostWindow = 8

    private let text: [UInt8]
    private var index = 0
    /// What stood behind the last atom: how many copies at most, and whether their number varies much.
    private var copies = 1
    private var isLoose = false

    /// Measures a pattern; what is no pattern is measured somehow, and refused by the compiler.
    init(_ pattern: String) {
        text = Array(pattern.utf8)
        var outer: [(sum: Int, isWide: Bool, count: Int, isBehindLoose: Bool)] = []
        var sum = 0
        var isBehindLoose = false
        // Of the present group: whether something in it is wide, and how often such a thing is repeated.
        var holdsWide = false
        var wideCount = 0
        while index < text.count {
            var atom = 1
            var isWide = false
            var inside = 1
            var isBehind = isBehindLoose
            switch take() {
            case UInt8(ascii: "("):
                outer.append((sum, holdsWide, wideCount, isBehindLoose))
                depth = max(depth, outer.count)
                (sum, holdsWide, wideCount) = (0, false, 0)
                continue
            case UInt8(ascii: ")") where !outer.isEmpty:
                atom = sum + 1
                isWide = holdsWide
                inside = max(1, wideCount)
                (sum, holdsWide, wideCount, isBehind) = outer.removeLast()
            case UInt8(ascii: "."): isWide = true
            case UInt8(ascii: "["):
                isWide = index < text.count && text[index] == UInt8(ascii: "^")
                skipSet()
            case UInt8(ascii: "\\"): index += 1
            case UInt8(ascii: "|") where outer.isEmpty:
                isBehindLoose = false
            default: break
            }
            sum = Self.plus(sum, repeated(atom))
            if isWide {
                holdsWide = true
                let count = Self.times(copies, inside)
                // What is repeated any number of times comes behind itself too.
                if isBehind { window = max(window, count) }
                if isLoose { window = max(window, inside) }
                wideCount = max(wideCount, count)
            }
            isBehindLoose = isBehindLoose || isLoose
        }
        // Groups that were left open.
        positions = outer.map(\.sum).reduce(sum, Self.plus)
    }

    /// Why it must not be compiled, as a fact; nil where it may.
    var excess: String? {
        if depth > Self.deepest { return "has groups within groups, \(depth) deep" }
        if window > Self.mostWindow {
            return
                "counts . or [^…] up to \(window) times behind a repetition of any length, and \(Self.mostWindow) "
                + "is the most"
        }
        guard positions > Self.most, positions > 2 * text.count else { return nil }
        let count = positions >= Self.endless ? "more than a million" : "\(positions)"
        return
            "grows to \(count) positions when its repetitions are written out, and \(Self.most) is the most"
    }

    /// What stands behind an atom: `a+` is `aa*`, `a{2,5}` is five, three of them optional.
    private mutating func repeated(_ atom: Int) -> Int {
        var size = atom
        copies = 1
        isLoose = false
        while index < text.count {
            switch text[index] {
            case UInt8(ascii: "*"), UInt8(ascii: "?"):
                isLoose = isLoose || text[index] == UInt8(ascii: "*")
                size = Self.plus(size, 1)
                index += 1
            case UInt8(ascii: "+"):
                isLoose = true
                size = Self.plus(Self.times(size, 2), 1)
                index += 1
            case UInt8(ascii: "{"):
                guard let (least, most, end) = bounds() else { return size }
                let times = max(least, most ?? least + 1)
                size = Self.plus(Self.times(size, times), times - min(least, times))
                copies = Self.times(copies, times)
                isLoose = isLoose || most == nil || times - least > Self.mostWindow
                index = end
            default: return size
            }
        }
        return size
    }

    /// `{3}`, `{3,}`, `{3,5}` or `{,5}` at this place, and where it ends; nil where it is none.
    private func bounds() -> (least: Int, most: Int?, end: Int)? {
        var place = index + 1
        func number() -> Int? {
            var value: Int?
            while place < text.count, (0x30...0x39).contains(text[place]) {
                value = Self.plus(Self.times(value ?? 0, 10), Int(text[place]) - 0x30)
                place += 1
            }
            return value
        }
        let first = number()
        guard place < text.count else { return nil }
        if text[place] == UInt8(ascii: "}"), let first { return (first, first, place + 1) }
        guard text[place] == UInt8(ascii: ",") else { return nil }
        place += 1
        let second = number()
        guard place < text.count, text[place] == UInt8(ascii: "}"), first != nil || second != nil else {
            return nil
        }
        return (first ?? 0, second, place + 1)
    }

    /// `[]a-z[:digit:]]`: a bracket at the beginning, and those of classes, do not end it.
    private mutating func skipSet() {
        if index < text.count, text[index] == UInt8(ascii: "^") { index += 1 }
        if index < text.count, text[index] == UInt8(ascii: "]") { index += 1 }
        while index < text.count {
            let byte = take()
            if byte == UInt8(ascii: "]") { return }
            guard byte == UInt8(ascii: "["), index < text.count, ":.=".utf8.contains(text[index]) else {
                continue
            }
            let mark = take()
            while index + 1 < text.count, text[index] != mark || text[index + 1] != UInt8(ascii: "]") {
                index += 1
            }
            index += 2
        }
    }

    private mutating func take() -> UInt8 {
        defer { index += 1 }
        return text[index]
    }

    /// Larger numbers are all the same.
    private static let endless = 1_000_000

    private static func plus(_ a: Int, _ b: Int) -> Int { min(endless, a + b) }

    private static func times(_ a: Int, _ b: Int) -> Int { min(endless, a * min(b, endless)) }
}
