// SPDX-License-Identifier: Apache-2.0

/// One thing wrong in a configuration: the place, the fact, the remedy.
package struct ConfigurationFault: Error, Sendable, Hashable, CustomStringConvertible {
    /// The path of the key: `checks[1].interval`; empty for the file as a whole.
    package let path: String
    /// The line in the file, from 1; nil where the value did not come from a file.
    package let line: Int?
    /// The column in bytes, from 1, where the text itself is wrong; nil where a value is.
    package let column: Int?
    /// What is wrong.
    package let fact: String
    /// What to do about it.
    package let remedy: String

    /// Makes a fault.
    package init(path: String, line: Int?, column: Int? = nil, fact: String, remedy: String) {
        self.path = path
        self.line = line
        self.column = column
        self.fact = fact
        self.remedy = remedy
    }

    /// `line 14: checks[1].interval: 0.2 s is too short, the least is 1 s. Raise it.`
    package var description: String {
        var text = ""
        if let line { text += "line \(line)" + (column.map { ", column \($0)" } ?? "") + ": " }
        if !path.isEmpty { text += "\(path): " }
        return text + fact + ". " + remedy
    }
}
