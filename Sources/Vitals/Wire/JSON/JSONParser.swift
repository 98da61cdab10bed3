// SPDX-License-Identifier: Apache-2.0

/// Turns bytes into the tape of a `JSONDocument`, in one pass, without recursion, with one allocation.
///
/// Reads through a pointer, because a bounds check per byte would be most of the work: every access stands
/// behind a comparison with `end`, and the tests feed it every text cut off at every byte.
struct JSONParser {
    // Read by the parser's other two files; nobody else sees a parser.
    let bytes: UnsafeBufferPointer<UInt8>
    let end: Int
    let policy: DuplicatePolicy
    var position = 0
    var nodes: [JSONDocument.Node] = []
    /// The innermost container that is still open; its `next` holds the one around it until it is closed.
    var open = JSONParser.none
    private var depth = 0

    /// The keys that stood a second time, where they are collected.
    var duplicates: [JSONFault] = []

    /// What becomes of a key that stands twice in one object.
    enum DuplicatePolicy {
        /// The text is refused.
        case refuse
        /// The text is read on, so that its other faults are found too; remarks (`//`) may repeat.
        case collect
    }

    /// More duplicate keys than this are not worth reading about.
    static let maximumDuplicates = 100

    /// No container: offsets and indices stay below it.
    static let none = UInt32.max

    /// Prepares to read bytes that outlive the parser.
    init(bytes: UnsafeBufferPointer<UInt8>, policy: DuplicatePolicy = .refuse) {
        self.bytes = bytes
        self.policy = policy
        end = bytes.count
    }

    /// What may come next.
    private enum Expectation {
        case value
        case valueOrEnd
        case keyOrEnd
        case key
        case commaOrEnd
    }

    /// Reads the whole text.
    mutating func parse() throws(JSONFault) -> [JSONDocument.Node] {
        // Offsets are 32 bits wide; far beyond every bound of vitald's own readers.
        guard end < Int(JSONParser.none) else { throw fault("longer than 4 GiB", "Shorten it.") }
        nodes.reserveCapacity(min(end / 8 + 4, 4096))
        try refuseForeignEncoding()
        var expect = Expectation.value
        repeat {
            skipBlanks()
            guard position < end else { throw unfinished() }
            let byte = bytes[position]
            switch expect {
            case .commaOrEnd:
                let isObject = nodes[Int(open)].kind == .object
                if byte == UInt8(ascii: ",") {
                    position += 1
                    expect = isObject ? .key : .value
                } else if byte == (isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) {
                    try close()
                } else {
                    throw fault(
                        "expected a comma or the end of \(isObject ? "the object" : "the list"), found \(found)",
                        remedyForFound("Put a comma behind the value before it."))
                }
            case .key, .keyOrEnd:
                if byte == UInt8(ascii: "}"), expect == .keyOrEnd {
                    try close()
                    expect = .commaOrEnd
                    continue
                }
                guard byte == UInt8(ascii: "\"") else { throw noKey(byte) }
                try string()
                skipBlanks()
                guard position < end, bytes[position] == UInt8(ascii: ":") else {
                    throw fault("expected a colon after the key, found \(found)", "Put a colon there.")
                }
                position += 1
                expect = .value
                if open != JSONParser.none { nodes[Int(open)].count += 1 }
            case .value, .valueOrEnd:
                if byte == UInt8(ascii: "]"), expect == .valueOrEnd {
                    try close()
                    expect = .commaOrEnd
                    continue
                }
                if open != JSONParser.none, nodes[Int(open)].kind == .array { nodes[Int(open)].count += 1 }
                if byte == UInt8(ascii: "[") || byte == UInt8(ascii: "{") {
                    try beginContainer(isObject: byte == UInt8(ascii: "{"))
                    expect = byte == UInt8(ascii: "{") ? .keyOrEnd : .valueOrEnd
                    continue
                }
                try scalar(byte)
                expect = .commaOrEnd
            }
        } while open != JSONParser.none
        skipBlanks()
        guard position == end else {
            throw fault(
                "more text after the end of the value: \(found)", remedyForFound("Remove what follows."))
        }
        return nodes
    }

    private mutating func beginContainer(isObject: Bool) throws(JSONFault) {
        guard depth < JSONDocument.maximumDepth else {
            throw fault("nested deeper than \(JSONDocument.maximumDepth)", "Flatten it.")
        }
        depth += 1
        let around = open
        open = UInt32(nodes.count)
        append(isObject ? .object : .array, start: position)
        nodes[Int(open)].next = around
        position += 1
    }

    /// Closes the innermost array or object; for an object, no key may stand twice.
    private mutating func close() throws(JSONFault) {
        position += 1
        depth -= 1
        let top = Int(open)
        open = nodes[top].next
        nodes[top].end = UInt32(position)
        nodes[top].next = UInt32(nodes.count)
        if nodes[top].kind == .object, nodes[top].count > 1 { try refuseDuplicateKeys(of: top) }
    }

    private mutating func append(_ kind: JSONKind, start: Int, isComplex: Bool = false) {
        nodes.append(
            JSONDocument.Node(
                kind: kind, isComplex: isComplex, start: UInt32(start), end: UInt32(position),
                next: UInt32(nodes.count + 1), count: 0))
    }

    @inline(__always)
    private mutating func skipBlanks() {
        while position < end {
            switch bytes[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: return
            }
        }
    }

    private mutating func scalar(_ byte: UInt8) throws(JSONFault) {
        switch byte {
        case UInt8(ascii: "\""): try string()
        case UInt8(ascii: "t"): try word("true", .boolean)
        case UInt8(ascii: "f"): try word("false", .boolean)
        case UInt8(ascii: "n"): try word("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): try number()
        case UInt8(ascii: "]"): throw fault("a comma before the end of the list", "Remove the comma.")
        default: throw noValue()
        }
    }

    private mutating func word(_ word: StaticString, _ kind: JSONKind) throws(JSONFault) {
        let start = position
        let count = word.utf8CodeUnitCount
        guard start + count <= end else { throw noValue() }
        for i in 0..<count where bytes[start + i] != word.utf8Start[i] { throw noValue() }
        position += count
        append(kind, start: start)
    }

    private mutating func number() throws(JSONFault) {
        let start = position
        var complex = false
        if bytes[position] == UInt8(ascii: "-") { position += 1 }
        guard let first = digit() else { throw fault("a number without digits", "Write for example 0.5.") }
        position += 1
        if first == 0 {
            if digit() != nil {
                throw fault("a number with a leading zero", "Remove the zero.", at: start)
            }
        } else {
            skipDigits()
        }
        if position < end, bytes[position] == UInt8(ascii: ".") {
            complex = true
            position += 1
            guard digit() != nil else {
                throw fault("a number without digits after its point", "Write for example 1.0.")
            }
            skipDigits()
        }
        if position < end, bytes[position] | 0x20 == UInt8(ascii: "e") {
            complex = true
            position += 1
            if position < end,
                bytes[position] == UInt8(ascii: "+") || bytes[position] == UInt8(ascii: "-")
            {
                position += 1
            }
            guard digit() != nil else {
                throw fault("a number without digits in its exponent", "Write for example 1e9.")
            }
            skipDigits()
        }
        append(.number, start: start, isComplex: complex)
    }

    @inline(__always)
    private func digit() -> UInt8? {
        guard position < end else { return nil }
        let value = bytes[position] &- UInt8(ascii: "0")
        return value <= 9 ? value : nil
    }

    private mutating func skipDigits() { while digit() != nil { position += 1 } }

    private mutating func string() throws(JSONFault) {
        position += 1
        let start = position
        var complex = false
        var p = position
        while true {
            // The common run: printable ASCII.
            while p < end, bytes[p] >= 0x20, bytes[p] < 0x80, bytes[p] != UInt8(ascii: "\""),
                bytes[p] != UInt8(ascii: "\\")
            {
                p += 1
            }
            position = p
            guard p < end else {
                throw fault("a string without its closing quote", "Close it with \".", at: start - 1)
            }
            let byte = bytes[p]
            if byte == UInt8(ascii: "\"") { break }
            if byte == UInt8(ascii: "\\") {
                complex = true
                try escape()
            } else if byte < 0x20 {
                throw byte == 0x0A || byte == 0x0D
                    ? fault("a line break inside a string", #"Close the string, or write \n."#)
                    : fault("a control character inside a string", #"Write it as \t or \uXXXX."#)
            } else {
                try scalarUTF8()
            }
            p = position
        }
        append(.string, start: start, isComplex: complex)
        position += 1
    }

    private mutating func escape() throws(JSONFault) {
        let start = position
        guard position + 1 < end else {
            throw fault("a string without its closing quote", "Close it with \".")
        }
        switch bytes[position + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            position += 2
        case UInt8(ascii: "u"):
            let unit = try unicodeUnit()
            if unit & 0xFC00 == 0xDC00 { throw halfPair(at: start) }
            guard unit & 0xFC00 == 0xD800 else { return }
            guard position + 1 < end, bytes[position] == UInt8(ascii: "\\"),
                bytes[position + 1] == UInt8(ascii: "u")
            else { throw halfPair(at: start) }
            guard try unicodeUnit() & 0xFC00 == 0xDC00 else { throw halfPair(at: start) }
        default:
            throw fault(
                "an unknown escape", #"JSON knows \" \\ \/ \b \f \n \r \t \uXXXX; a backslash itself is \\."#)
        }
    }

    /// The unit of `\uXXXX` at the position, which moves behind it.
    private mutating func unicodeUnit() throws(JSONFault) -> UInt32 {
        guard position + 6 <= end else { throw shortEscape() }
        var unit: UInt32 = 0
        for i in position + 2..<position + 6 {
            guard let digit = JSONEscape.digit(bytes[i]) else { throw shortEscape() }
            unit = unit << 4 | UInt32(digit)
        }
        position += 6
        return unit
    }

    /// One well-formed UTF-8 sequence of more than one byte (RFC 3629: no overlong forms, no surrogates).
    private mutating func scalarUTF8() throws(JSONFault) {
        let length: Int
        var low: UInt8 = 0x80
        var high: UInt8 = 0xBF
        switch bytes[position] {
        case 0xC2...0xDF: length = 2
        case 0xE0:
            length = 3
            low = 0xA0
        case 0xED:
            length = 3
            high = 0x9F
        case 0xE1...0xEF: length = 3
        case 0xF0:
            length = 4
            low = 0x90
        case 0xF1...0xF3: length = 4
        case 0xF4:
            length = 4
            high = 0x8F
        default: throw notUTF8()
        }
        guard position + length <= end, bytes[position + 1] >= low, bytes[position + 1] <= high else {
            throw notUTF8()
        }
        for i in 2..<max(2, length) where bytes[position + i] & 0xC0 != 0x80 { throw notUTF8() }
        position += length
    }
}
