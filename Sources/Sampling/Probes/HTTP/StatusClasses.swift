// SPDX-License-Identifier: Apache-2.0

import Outbound

/// A set of HTTP status codes as the configuration writes it: `200-299`, `204`, `2xx`.
struct StatusClasses: Sendable, Hashable {
    /// The codes that a server may send (RFC 9110, 15).
    static let possible: ClosedRange<UInt> = 100...599

    private(set) var ranges: [ClosedRange<UInt>] = []
    private(set) var words: [String] = []

    /// Adds one element; false where it means nothing.
    mutating func add(_ word: String) -> Bool {
        guard let range = Self.range(word) else { return false }
        ranges.append(range)
        words.append(word)
        return true
    }

    /// Whether the code is among them.
    func contains(_ code: UInt) -> Bool { ranges.contains { $0.contains(code) } }

    /// For people: `200-299, 304`.
    var text: String { words.joined(separator: ", ") }

    private static func range(_ word: String) -> ClosedRange<UInt>? {
        let bytes = Array(word.utf8)
        if bytes.count == 3, bytes[1...].allSatisfy({ HostText.lowercased($0) == UInt8(ascii: "x") }) {
            guard let hundreds = number(bytes[..<1]), possible.contains(hundreds * 100) else { return nil }
            return hundreds * 100...hundreds * 100 + 99
        }
        let dash = bytes.firstIndex(of: UInt8(ascii: "-"))
        guard let low = number(bytes[..<(dash ?? bytes.endIndex)]) else { return nil }
        var high = low
        if let dash {
            guard let number = number(bytes[(dash + 1)...]) else { return nil }
            high = number
        }
        guard possible.contains(low), possible.contains(high), low <= high else { return nil }
        return low...high
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> UInt? {
        guard !digits.isEmpty, digits.count <= 3, digits.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else {
            return nil
        }
        return digits.reduce(0) { $0 * 10 + UInt($1 - 0x30) }
    }
}
