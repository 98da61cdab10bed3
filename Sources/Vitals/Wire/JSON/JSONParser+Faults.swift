// SPDX-License-Identifier: Apache-2.0

/// What is wrong, in sentences.
extension JSONParser {
    /// A byte order mark or UTF-16 at the very start, told apart from an ordinary wrong byte.
    func refuseForeignEncoding() throws(JSONFault) {
        guard end >= 2 else { return }
        if bytes[0] == 0xEF, bytes[1] == 0xBB {
            throw fault("the text begins with a byte order mark", "Save it as UTF-8 without BOM.")
        }
        if bytes[0] == 0xFF && bytes[1] == 0xFE || bytes[0] == 0xFE && bytes[1] == 0xFF || bytes[0] == 0
            || bytes[1] == 0
        {
            throw fault("the text is not UTF-8 but looks like UTF-16", "Save it as UTF-8 without BOM.")
        }
    }

    func unfinished() -> JSONFault {
        guard open != JSONParser.none else {
            return fault("the text is empty", "Write a value, at least {}.")
        }
        return nodes[Int(open)].kind == .object
            ? fault("the text ends inside an object", "Close it with }.")
            : fault("the text ends inside a list", "Close it with ].")
    }

    func noKey(_ byte: UInt8) -> JSONFault {
        if byte == UInt8(ascii: "}") {
            return fault("a comma before the end of the object", "Remove the comma.")
        }
        return fault(
            "expected a key in double quotes, found \(found)",
            remedyForFound("Put the key in double quotes."))
    }

    func noValue() -> JSONFault {
        fault(
            "expected a value, found \(found)",
            remedyForFound(
                "Write a string in double quotes, a number, true, false, null, a list or an object."))
    }

    func halfPair(at start: Int) -> JSONFault {
        fault("half of a surrogate pair", "Write both halves, or the character itself.", at: start)
    }

    func shortEscape() -> JSONFault {
        fault(#"\u needs four hexadecimal digits"#, #"Write for example \u00e9."#)
    }

    func notUTF8() -> JSONFault { fault("a byte that is not UTF-8", "Save the text as UTF-8.") }

    /// What stands at the position, for a sentence.
    var found: String {
        guard position < end else { return "the end of the text" }
        let byte = bytes[position]
        return byte > 0x20 && byte < 0x7F
            ? "'\(Unicode.Scalar(byte))'" : "the byte 0x" + String(byte, radix: 16)
    }

    /// The remedy for what people write who think of another language, else the given one.
    func remedyForFound(_ remedy: String) -> String {
        guard position < end else { return remedy }
        switch bytes[position] {
        case UInt8(ascii: "/"), UInt8(ascii: "#"):
            return #"JSON has no comments; write a "//" key instead."#
        case UInt8(ascii: "'"): return "JSON knows only double quotes."
        default: return remedy
        }
    }

    func fault(_ what: String, _ remedy: String, at offset: Int? = nil) -> JSONFault {
        let offset = offset ?? position
        let place = JSONDocument.place(of: offset, in: bytes)
        return JSONFault(offset: offset, line: place.line, column: place.column, what: what, remedy: remedy)
    }
}
