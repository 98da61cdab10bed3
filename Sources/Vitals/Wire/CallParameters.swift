// SPDX-License-Identifier: Apache-2.0

/// The parameters of a call, or those of one item of a batch, by name. Unknown ones are ignored.
package struct CallParameters: Sendable {
    /// The object that holds them; nil where there is none.
    package let value: JSONValue?

    /// The parameters in this object.
    package init(_ value: JSONValue?) { self.value = value }

    /// A text, or nil where it is not given; anything but a text is refused.
    package func text(_ name: StaticString) throws(SocketFault) -> String? {
        guard let found = given(name) else { return nil }
        guard let text = found.string else { throw wrong(name, found, "a string") }
        return text
    }

    /// A text that must be given.
    package func requiredText(_ name: StaticString) throws(SocketFault) -> String {
        guard let text = try text(name) else {
            throw .invalidParameter("\(name)", "is missing; a string is needed")
        }
        return text
    }

    /// One of several words that must be given.
    package func requiredWord<Word: WireWord>(_ name: StaticString) throws(SocketFault) -> Word {
        let text = try requiredText(name)
        guard let word = Word(word: text) else {
            let known = Word.allCases.map(\.word).joined(separator: ", ")
            throw .invalidParameter("\(name)", "\"\(Echo.cut(text))\" is none of \(known)")
        }
        return word
    }

    /// A whole number within bounds, or nil where it is not given.
    package func integer(_ name: StaticString, within bounds: ClosedRange<Int64>) throws(SocketFault)
        -> Int64?
    {
        guard let found = given(name) else { return nil }
        guard let number = found.integer else { throw wrong(name, found, "a whole number") }
        guard bounds.contains(number) else {
            throw .invalidParameter(
                "\(name)",
                "\(number) is out of range; give \(bounds.lowerBound) to \(bounds.upperBound)")
        }
        return number
    }

    /// A length of time in seconds, at most a year, or nil where it is not given.
    package func seconds(_ name: StaticString) throws(SocketFault) -> Duration? {
        guard let found = given(name) else { return nil }
        guard let number = found.double else { throw wrong(name, found, "a number of seconds") }
        guard number >= 0, number <= Self.year else {
            throw .invalidParameter("\(name)", "is out of range; give 0 to \(Int(Self.year)) seconds")
        }
        return .seconds(number)
    }

    /// Several texts, given as an array or as one text; nil where it is not given.
    package func texts(_ name: StaticString) throws(SocketFault) -> [String]? {
        guard let found = given(name) else { return nil }
        if let text = found.string { return [text] }
        guard found.kind == .array else { throw wrong(name, found, "a string or a list of strings") }
        var texts: [String] = []
        for element in found.elements {
            guard let text = element.string else { throw wrong(name, element, "a list of strings") }
            texts.append(text)
        }
        return texts
    }

    /// A list that must be given.
    package func requiredList(_ name: StaticString) throws(SocketFault) -> [JSONValue] {
        guard let found = given(name) else {
            throw .invalidParameter("\(name)", "is missing; an array is needed")
        }
        guard found.kind == .array else { throw wrong(name, found, "an array") }
        return found.elements
    }

    private static let year = 366.0 * 86_400

    /// `null` is as good as nothing.
    private func given(_ name: StaticString) -> JSONValue? {
        guard let found = value?[name], !found.isNull else { return nil }
        return found
    }

    private func wrong(_ name: StaticString, _ value: JSONValue, _ wanted: String) -> SocketFault {
        .invalidParameter("\(name)", "is \(value.kind.phrase); \(wanted) is needed")
    }
}
