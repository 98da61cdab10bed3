// SPDX-License-Identifier: Apache-2.0

import Vitals

/// What the answer of a tcp check has to hold.
enum ExpectedBytes: Sendable, Hashable {
    /// These bytes, anywhere.
    case text([UInt8])
    /// So many bytes, whatever they are.
    case count(Int)

    /// Whether the answer so far is enough.
    func isMet(by answer: [UInt8]) -> Bool {
        switch self {
        case .text(let needle): ByteSearch.holds(needle, in: answer)
        case .count(let count): answer.count >= count
        }
    }

    /// Reads the key `expectBytes`, a text or a number; nil where absent.
    init?(reading object: inout ConfigurationObject, bound: Int) {
        guard let found = object.raw("expectBytes") else { return nil }
        switch found.kind {
        case .string:
            guard let text = object.optionalText("expectBytes") else { return nil }
            guard !text.isEmpty, text.utf8.count <= bound else {
                object.fault(
                    "expectBytes", text.isEmpty ? "is empty" : "is longer than the 64 KiB that are read",
                    remedy: "Write what a good answer contains, or remove the line.")
                return nil
            }
            self = .text(Array(text.utf8))
        case .number: self = .count(object.integer("expectBytes", default: 1, in: 1...bound))
        default:
            object.fault(
                "expectBytes", "is \(found.kind.phrase), not a string",
                remedy: "Write what a good answer contains, or how many bytes it has.")
            return nil
        }
    }
}
