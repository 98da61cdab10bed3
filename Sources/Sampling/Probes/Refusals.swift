// SPDX-License-Identifier: Apache-2.0

import Vitals

/// What a server, or a proxy in front of it, refused although a check can do without it.
///
/// It is not asked for again at every attempt, but after a while: a permission may be granted, a proxy replaced. Each
/// refusal is said once.
struct Refusals<Extra: Hashable & CustomStringConvertible> {
    /// How it was refused.
    enum Cause: Hashable, CustomStringConvertible {
        /// By an error with this code.
        case code(String)
        /// The connection was closed in answer to it.
        case closed
        /// The answer was larger than what is read.
        case large
        /// The answer was not one of the protocol.
        case malformed
        /// It was not answered in time.
        case late
        /// The server said that it cannot answer now.
        case unable

        var description: String {
            switch self {
            case .code(let code): code
            case .closed: "the connection was closed"
            case .large: "the answer was too large"
            case .malformed: "the answer was not understood"
            case .late: "no answer in time"
            case .unable: "the server cannot answer now"
            }
        }
    }

    private struct Entry {
        let extra: Extra
        let cause: Cause
        let since: Instant
    }

    /// What was refused is asked for again after this time, for a check that can do without it.
    static var interval: Duration { .seconds(600) }
    /// The same for what the thresholds of a check need.
    static var shortInterval: Duration { .seconds(60) }

    // Nearly always empty, never longer than a handful.
    private var entries: [Entry] = []
    private var said: Set<Extra> = []
    private var unsaid: [(extra: Extra, sentence: String)] = []

    /// How something was refused lately; nil when it may be asked for.
    func cause(_ extra: Extra, at now: Instant, for interval: Duration = Self.interval) -> Cause? {
        guard !entries.isEmpty, let entry = entries.first(where: { $0.extra == extra }),
            now - entry.since < interval
        else { return nil }
        return entry.cause
    }

    /// Remembers a refusal; `consequence` says what follows from it, for the log.
    mutating func note(_ extra: Extra, _ cause: Cause, at now: Instant, consequence: String) {
        entries.removeAll { $0.extra == extra }
        entries.append(Entry(extra: extra, cause: cause, since: now))
        guard said.insert(extra).inserted else { return }
        unsaid.append((extra, "\(extra) was refused (\(cause)): \(consequence)"))
    }

    /// It was not refused after all, or is no longer.
    mutating func forget(_ extra: Extra) {
        guard !entries.isEmpty else { return }
        entries.removeAll { $0.extra == extra }
        let count = unsaid.count
        unsaid.removeAll { $0.extra == extra }
        // What was never said may be said later.
        if unsaid.count < count { said.remove(extra) }
    }

    /// What has to be said now, once.
    mutating func remarks() -> [String] {
        guard !unsaid.isEmpty else { return [] }
        defer { unsaid = [] }
        return unsaid.map(\.sentence)
    }

    /// What is refused, for the facts of a check; nil when nothing is.
    var fact: Fact? {
        guard !entries.isEmpty else { return nil }
        return Fact("refused", .text(entries.map { "\($0.extra) (\($0.cause))" }.joined(separator: ", ")))
    }
}
