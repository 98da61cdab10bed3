// SPDX-License-Identifier: Apache-2.0

/// A parsed JSON text (RFC 8259), kept as its bytes and a flat tape of nodes.
///
/// Strict: one value, UTF-8 without BOM, no trailing commas, no duplicate keys, depth at most 32
/// (`maximumDepth`), no lone surrogates. Every node knows its offset, so that faults can name line and column.
package struct JSONDocument: Sendable {
    /// How deep arrays and objects may nest; deeper texts are refused, so that no reader needs a deep stack.
    package static let maximumDepth = 32

    /// One value of the tape. Members of an object are a string node (the key) followed by the value's node.
    struct Node: Sendable {
        /// What the node is.
        var kind: JSONKind
        /// Whether a string holds escapes, or a number a fraction or an exponent.
        var isComplex: Bool
        /// First byte: of the contents for a string, of the token for everything else.
        var start: UInt32
        /// One past the last byte, as above.
        var end: UInt32
        /// Index of the node behind this value and all within it.
        var next: UInt32
        /// Elements of an array, members of an object.
        var count: UInt32
    }

    let bytes: [UInt8]
    let nodes: [Node]

    /// Parses a whole text; throws where and why it is not acceptable JSON.
    package init(parsing bytes: [UInt8]) throws(JSONFault) {
        nodes = try bytes.withUnsafeBufferPointer { buffer throws(JSONFault) in
            var parser = JSONParser(bytes: buffer)
            return try parser.parse()
        }
        self.bytes = bytes
    }

    /// Parses a whole text but reads on behind keys that stand twice, which are collected in the order of the
    /// text: whoever wants to name all faults of a file at once refuses it afterwards. Remarks (`//`) may repeat.
    package init(parsing bytes: [UInt8], collecting duplicates: inout [JSONFault]) throws(JSONFault) {
        let (nodes, found) = try bytes.withUnsafeBufferPointer { buffer throws(JSONFault) in
            var parser = JSONParser(bytes: buffer, policy: .collect)
            return (try parser.parse(), parser.duplicates)
        }
        self.nodes = nodes
        self.bytes = bytes
        duplicates += found.sorted { $0.offset < $1.offset }
    }

    /// The one value of the text.
    package var root: JSONValue { JSONValue(document: self, index: 0) }

    /// Line and column, both from 1, of a byte offset.
    package static func place(of offset: Int, in bytes: [UInt8]) -> (line: Int, column: Int) {
        bytes.withUnsafeBufferPointer { place(of: offset, in: $0) }
    }

    /// Line and column, both from 1, of a byte offset.
    static func place(of offset: Int, in bytes: UnsafeBufferPointer<UInt8>) -> (line: Int, column: Int) {
        var line = 1
        var lineStart = 0
        for i in 0..<min(offset, bytes.count) where bytes[i] == UInt8(ascii: "\n") {
            line += 1
            lineStart = i + 1
        }
        return (line, min(offset, bytes.count) - lineStart + 1)
    }
}

/// The kinds of JSON values.
package enum JSONKind: UInt8, Sendable {
    /// `null`
    case null
    /// `true` or `false`
    case boolean
    /// A number.
    case number
    /// A string.
    case string
    /// An array.
    case array
    /// An object.
    case object

    /// The word with its article, for sentences: `a string`.
    package var phrase: String {
        switch self {
        case .null: "null"
        case .boolean: "true or false"
        case .number: "a number"
        case .string: "a string"
        case .array: "a list"
        case .object: "an object"
        }
    }
}
