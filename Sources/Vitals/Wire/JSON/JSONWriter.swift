// SPDX-License-Identifier: Apache-2.0

/// Writes JSON into a growing buffer. Commas are the writer's business; the caller only says what comes.
///
/// Numbers that are not finite become `null`: JSON has no word for them.
package struct JSONWriter: Sendable {
    /// What has been written so far.
    package private(set) var bytes: [UInt8] = []
    private var needsComma = false

    /// Makes an empty writer with room for `capacity` bytes.
    package init(capacity: Int = 512) { bytes.reserveCapacity(capacity) }

    /// The text written so far.
    package var text: String { String(decoding: bytes, as: UTF8.self) }

    /// Writes an object; the closure writes its members with `member` and friends.
    package mutating func object(_ members: (inout JSONWriter) -> Void) {
        separate()
        bytes.append(UInt8(ascii: "{"))
        needsComma = false
        members(&self)
        bytes.append(UInt8(ascii: "}"))
        needsComma = true
    }

    /// Writes an array; the closure writes its elements.
    package mutating func array(_ elements: (inout JSONWriter) -> Void) {
        separate()
        bytes.append(UInt8(ascii: "["))
        needsComma = false
        elements(&self)
        bytes.append(UInt8(ascii: "]"))
        needsComma = true
    }

    /// Writes a key; the value must follow.
    package mutating func key(_ name: String) {
        separate()
        quote(name)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    /// Writes a string.
    package mutating func string(_ text: String) {
        separate()
        quote(text)
        needsComma = true
    }

    /// Writes a whole number.
    package mutating func integer(_ number: Int64) {
        separate()
        NumberText.append(.integer(number), to: &bytes)
        needsComma = true
    }

    /// Writes a number, or null where it is not finite.
    package mutating func number(_ number: Double) {
        guard number.isFinite else { return null() }
        separate()
        NumberText.append(.double(number), to: &bytes)
        needsComma = true
    }

    /// Writes true or false.
    package mutating func boolean(_ truth: Bool) {
        separate()
        bytes.append(contentsOf: truth ? "true".utf8 : "false".utf8)
        needsComma = true
    }

    /// Writes null.
    package mutating func null() {
        separate()
        bytes.append(contentsOf: "null".utf8)
        needsComma = true
    }

    /// Writes bytes that are one JSON value already.
    package mutating func raw(_ json: some Sequence<UInt8>) {
        separate()
        bytes.append(contentsOf: json)
        needsComma = true
    }

    /// Writes a line feed between two top-level values, as newline-delimited JSON wants it.
    package mutating func newline() {
        bytes.append(UInt8(ascii: "\n"))
        needsComma = false
    }

    /// Appends bytes exactly as they are, with no comma before or after: the frame around a value.
    package mutating func splice(_ frame: StaticString) {
        frame.withUTF8Buffer { bytes.append(contentsOf: $0) }
        needsComma = false
    }

    /// Appends bytes exactly as they are, with no comma before or after: the frame around a value.
    package mutating func splice(_ frame: UnsafeRawBufferPointer) {
        bytes.append(contentsOf: frame)
        needsComma = false
    }

    /// Forgets what was written since `bytes.count` was `mark`.
    package mutating func rewind(to mark: Int) {
        if bytes.count > mark { bytes.removeLast(bytes.count - mark) }
        needsComma = false
    }

    /// Forgets what was written, keeps the memory.
    package mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        needsComma = false
    }

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
    }

    private mutating func quote(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        let isPlain =
            text.utf8.withContiguousStorageIfAvailable { contents in
                for byte in contents where JSONWriter.needsEscape(byte) { return false }
                bytes.append(contentsOf: contents)
                return true
            } ?? false
        if !isPlain { escape(text) }
        bytes.append(UInt8(ascii: "\""))
    }

    @inline(__always)
    private static func needsEscape(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == 0x7F || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    private mutating func escape(_ text: String) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 0x0A: bytes.append(contentsOf: #"\n"#.utf8)
            case 0x0D: bytes.append(contentsOf: #"\r"#.utf8)
            case 0x09: bytes.append(contentsOf: #"\t"#.utf8)
            case 0..<0x20, 0x7F:
                bytes.append(contentsOf: #"\u00"#.utf8)
                bytes.append(JSONWriter.hexadecimal(byte >> 4))
                bytes.append(JSONWriter.hexadecimal(byte & 15))
            default: bytes.append(byte)
            }
        }
    }

    private static func hexadecimal(_ nibble: UInt8) -> UInt8 {
        nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10
    }
}

extension JSONWriter {
    /// Writes a member that is a string, or nothing at all where there is none.
    package mutating func member(_ name: String, _ text: String?) {
        guard let text else { return }
        key(name)
        string(text)
    }

    /// Writes a member that is a whole number, or nothing at all where there is none.
    package mutating func member(_ name: String, _ value: Int64?) {
        guard let value else { return }
        key(name)
        integer(value)
    }

    /// Writes a member that is a number, or nothing at all where there is none.
    package mutating func member(_ name: String, _ value: Double?) {
        guard let value else { return }
        key(name)
        number(value)
    }

    /// Writes a member that is true or false, or nothing at all where there is none.
    package mutating func member(_ name: String, _ value: Bool?) {
        guard let value else { return }
        key(name)
        boolean(value)
    }

    /// Writes a member that is an object.
    package mutating func member(_ name: String, object members: (inout JSONWriter) -> Void) {
        key(name)
        object(members)
    }

    /// Writes a member that is an array.
    package mutating func member(_ name: String, array elements: (inout JSONWriter) -> Void) {
        key(name)
        array(elements)
    }
}
