// SPDX-License-Identifier: Apache-2.0

/// One value inside a parsed text. Cheap to copy; keeps the whole text alive.
package struct JSONValue: Sendable {
    let document: JSONDocument
    let index: Int

    private var node: JSONDocument.Node { document.nodes[index] }

    /// What it is.
    package var kind: JSONKind { node.kind }

    /// Offset of its first byte in the text.
    package var offset: Int {
        node.kind == .string ? Int(node.start) - 1 : Int(node.start)
    }

    /// Line and column of its first byte, both from 1.
    package var place: (line: Int, column: Int) { JSONDocument.place(of: offset, in: document.bytes) }

    /// The text of a string; nil for everything else.
    package var string: String? {
        guard node.kind == .string else { return nil }
        let contents = document.bytes[Int(node.start)..<Int(node.end)]
        return node.isComplex
            ? String(decoding: JSONEscape.decode(contents), as: UTF8.self)
            : String(decoding: contents, as: UTF8.self)
    }

    /// Whether it is the string `text`, byte for byte, without making a String of it.
    package func isString(_ text: StaticString) -> Bool { document.isString(text, at: index) }

    /// The truth of `true` or `false`; nil for everything else.
    package var boolean: Bool? {
        guard node.kind == .boolean else { return nil }
        return document.bytes[Int(node.start)] == UInt8(ascii: "t")
    }

    /// Whether it is `null`.
    package var isNull: Bool { node.kind == .null }

    /// The exact whole number; nil for fractions, exponents and what does not fit into Int64.
    package var integer: Int64? {
        guard node.kind == .number, !node.isComplex else { return nil }
        var i = Int(node.start)
        let end = Int(node.end)
        let negative = document.bytes[i] == UInt8(ascii: "-")
        if negative { i += 1 }
        var value: Int64 = 0
        while i < end {
            let digit = Int64(document.bytes[i] &- UInt8(ascii: "0"))
            let (product, o1) = value.multipliedReportingOverflow(by: 10)
            let (sum, o2) = product.subtractingReportingOverflow(digit)  // negative, so that Int64.min fits
            if o1 || o2 { return nil }
            value = sum
            i += 1
        }
        if negative { return value }
        return value == .min ? nil : -value
    }

    /// The number as a Double; nil for everything else and for numbers beyond its range.
    package var double: Double? {
        guard node.kind == .number else { return nil }
        if let integer {
            // JSON's -0 is the one whole number of which the sign would be lost on the way.
            let isNegativeZero = integer == 0 && document.bytes[Int(node.start)] == UInt8(ascii: "-")
            return isNegativeZero ? -0.0 : Double(integer)
        }
        let text = String(decoding: document.bytes[Int(node.start)..<Int(node.end)], as: UTF8.self)
        guard let value = Double(text), value.isFinite else { return nil }
        return value
    }

    /// The bytes of the value as they stand in the text.
    package var source: ArraySlice<UInt8> {
        node.kind == .string
            ? document.bytes[Int(node.start) - 1..<Int(node.end) + 1]
            : document.bytes[Int(node.start)..<Int(node.end)]
    }

    /// Number of elements of an array or members of an object; 0 for everything else.
    package var count: Int { node.kind == .array || node.kind == .object ? Int(node.count) : 0 }

    /// The elements of an array; empty for everything else.
    package var elements: [JSONValue] {
        guard node.kind == .array else { return [] }
        var result: [JSONValue] = []
        result.reserveCapacity(Int(node.count))
        var i = index + 1
        for _ in 0..<node.count {
            result.append(JSONValue(document: document, index: i))
            i = Int(document.nodes[i].next)
        }
        return result
    }

    /// The members of an object in the order of the text; empty for everything else.
    package var members: [(key: JSONValue, value: JSONValue)] {
        guard node.kind == .object else { return [] }
        var result: [(key: JSONValue, value: JSONValue)] = []
        result.reserveCapacity(Int(node.count))
        var i = index + 1
        for _ in 0..<node.count {
            result.append(
                (JSONValue(document: document, index: i), JSONValue(document: document, index: i + 1)))
            i = Int(document.nodes[i + 1].next)
        }
        return result
    }

    /// The value of a member; nil where there is none or this is no object.
    package subscript(key: StaticString) -> JSONValue? {
        guard node.kind == .object else { return nil }
        var i = index + 1
        for _ in 0..<node.count {
            if document.isString(key, at: i) {
                return JSONValue(document: document, index: i + 1)
            }
            i = Int(document.nodes[i + 1].next)
        }
        return nil
    }
}

extension JSONDocument {
    /// Whether the node is the string `text`, byte for byte.
    fileprivate func isString(_ text: StaticString, at index: Int) -> Bool {
        let node = nodes[index]
        guard node.kind == .string else { return false }
        if node.isComplex {
            let decoded = JSONEscape.decode(bytes[Int(node.start)..<Int(node.end)])
            return text.withUTF8Buffer { decoded.elementsEqual($0) }
        }
        let count = Int(node.end - node.start)
        guard count == text.utf8CodeUnitCount else { return false }
        return bytes.withUnsafeBufferPointer { buffer in
            for i in 0..<count where text.utf8Start[i] != buffer[Int(node.start) + i] { return false }
            return true
        }
    }
}
