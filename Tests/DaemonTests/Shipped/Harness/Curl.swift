// SPDX-License-Identifier: Apache-2.0

import Testing

/// What curl(1) got.
struct Curl: Sendable {
    /// Its own code: 0 where there was an answer, 35 a handshake that failed, 60 a certificate not believed.
    let code: Program.Ending
    /// The status of the answer; 0 where there was none.
    let status: Int
    /// Head and body.
    let text: String

    /// Asks for a page.
    static func get(_ url: String, _ words: String...) async throws -> Curl { try await get(words + [url]) }

    /// Asks with these words; `prefix` is a program that becomes curl in the end.
    static func get(_ words: [String], within prefix: [String] = []) async throws -> Curl {
        let command = prefix + ["curl", "-sS", "-i", "--max-time", "30"] + words
        let result = try await Wait.apart { try Program.output(command) }
        let status = result.output.split(separator: " ").dropFirst().first.flatMap { Int($0) }
        return Curl(code: result.ending, status: status ?? 0, text: result.output + result.errors)
    }
}
