// SPDX-License-Identifier: Apache-2.0

/// What one look at the surroundings told: what is so, what follows, and what to do about it.
package struct Diagnosis: Sendable, Hashable {
    /// How much of what could be had is had.
    package enum State: String, CaseIterable, Sendable {
        /// All of it.
        case ok
        /// Some figures or comforts are not there.
        case limited
        /// Something that vitald is there for does not work.
        case missing
        /// It could not be told.
        case unknown
    }

    /// A fact or a remedy is one line of at most this many bytes.
    package static let longest = 400

    /// What was looked at, in one word: `cgroup`, `journal` …
    package var subject: String
    /// How it is.
    package var state: State
    /// What is so, and what follows for the user; without a full stop.
    package var fact: String
    /// What to do about it; nil where nothing needs doing.
    package var remedy: String?

    /// Makes a finding.
    package init(_ subject: String, _ state: State, _ fact: String, remedy: String? = nil) {
        self.subject = subject
        self.state = state
        self.fact = Self.line(fact)
        self.remedy = remedy.map(Self.line)
    }

    /// Names of files may hold anything: one line, and an end that is marked.
    private static func line(_ text: String) -> String {
        var line = ""
        for scalar in text.unicodeScalars {
            guard line.utf8.count < longest - 8 else { return line + " …" }
            line.unicodeScalars.append(scalar.value < 0x20 || scalar.value == 0x7F ? " " : scalar)
        }
        return line
    }
}
