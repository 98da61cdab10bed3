// SPDX-License-Identifier: Apache-2.0

package import Vitals

/// Something to be found in a message: a text to the letter, or a regular expression.
package enum JournalSearch: Sendable {
    /// These bytes, anywhere.
    case text([UInt8])
    /// This pattern, anywhere.
    case expression(BytePattern)

    /// Longer than this is a slip.
    static let longest = BytePattern.longest

    /// Whether a message has it; nil where there is no memory to tell.
    func finds(in message: [UInt8]) -> Bool? {
        switch self {
        case .text(let text): ByteSearch.holds(text, in: message)
        case .expression(let pattern): pattern.matches(message)
        }
    }

    /// Reads `match` (to the letter) or `regex`; nil where neither is given or it is faulty.
    package init?(reading object: inout ConfigurationObject) {
        let text = object.optionalText("match")
        let expression = object.optionalText("regex")
        if text != nil, expression != nil {
            object.fault("regex", "is set together with `match`", remedy: "Keep one of the two.")
            return nil
        }
        if let text {
            guard !text.isEmpty, text.utf8.count <= Self.longest else {
                object.fault(
                    "match", text.isEmpty ? "is empty" : "is longer than \(Self.longest) bytes",
                    remedy: "Write a piece of the message.")
                return nil
            }
            self = .text(Array(text.utf8))
            return
        }
        guard let expression else { return nil }
        guard !expression.isEmpty, expression.utf8.count <= Self.longest else {
            object.fault(
                "regex", expression.isEmpty ? "is empty" : "is longer than \(Self.longest) bytes",
                remedy: "Write a POSIX extended regular expression, see regex(7).")
            return nil
        }
        do { self = .expression(try BytePattern(expression)) } catch {
            object.fault("regex", error.fact, remedy: error.remedy)
            return nil
        }
    }
}
