// SPDX-License-Identifier: Apache-2.0

extension JSONWriter {
    /// Writes a fact as a member.
    package mutating func member(_ fact: Fact) {
        switch fact.value {
        case .text(let text): member(fact.name, text)
        case .integer(let number): member(fact.name, number)
        case .number(let number): member(fact.name, number)
        case .boolean(let truth): member(fact.name, truth)
        }
    }
}

extension Fact {
    /// Reads a member; nil for null, arrays and objects, which no fact holds.
    package init?(_ name: String, reading value: JSONValue) {
        if let text = value.string {
            self.init(name, .text(text))
        } else if let truth = value.boolean {
            self.init(name, .boolean(truth))
        } else if let number = value.integer {
            self.init(name, .integer(number))
        } else if let number = value.double {
            self.init(name, .number(number))
        } else {
            return nil
        }
    }
}
