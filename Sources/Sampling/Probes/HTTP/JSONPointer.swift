// SPDX-License-Identifier: Apache-2.0

import Vitals

/// A place within a JSON text (RFC 6901): `/dependencies/0/status`; the empty text is the whole.
struct JSONPointer: Sendable, Hashable {
    /// As it is written.
    let text: String
    private let tokens: [String]

    /// Reads a pointer; nil where it neither is empty nor begins with `/`, or where a `~` is not `~0` or `~1`.
    init?(_ text: String) {
        self.text = text
        guard !text.isEmpty else {
            tokens = []
            return
        }
        guard text.utf8.first == UInt8(ascii: "/") else { return nil }
        var tokens: [String] = []
        for part in text.utf8.dropFirst().split(
            separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        {
            var token: [UInt8] = []
            var bytes = part.makeIterator()
            while let byte = bytes.next() {
                guard byte == UInt8(ascii: "~") else {
                    token.append(byte)
                    continue
                }
                switch bytes.next() {
                case UInt8(ascii: "0"): token.append(UInt8(ascii: "~"))
                case UInt8(ascii: "1"): token.append(UInt8(ascii: "/"))
                default: return nil
                }
            }
            tokens.append(String(decoding: token, as: UTF8.self))
        }
        self.tokens = tokens
    }

    /// The value at this place; nil where there is none.
    func value(in root: JSONValue) -> JSONValue? {
        var value = root
        for token in tokens {
            switch value.kind {
            case .object:
                guard let member = value.members.first(where: { $0.key.string == token }) else { return nil }
                value = member.value
            case .array:
                // No sign, no leading zero (RFC 6901, 4).
                guard token.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let index = Int(token),
                    String(index) == token, index < value.count
                else { return nil }
                value = value.elements[index]
            default: return nil
            }
        }
        return value
    }
}

extension JSONValue {
    /// Whether both mean the same: numbers by value, objects without regard to order.
    func means(_ other: JSONValue) -> Bool {
        guard kind == other.kind else { return false }
        switch kind {
        case .null: return true
        case .boolean: return boolean == other.boolean
        case .string: return string == other.string
        case .number:
            if let a = integer, let b = other.integer { return a == b }
            if let a = double, let b = other.double { return a == b }
            return source.elementsEqual(other.source)
        case .array:
            return count == other.count && zip(elements, other.elements).allSatisfy { $0.means($1) }
        case .object:
            guard count == other.count else { return false }
            let others = other.members
            return members.allSatisfy { mine in
                let name = mine.key.string
                return others.contains { $0.key.string == name && mine.value.means($0.value) }
            }
        }
    }
}
