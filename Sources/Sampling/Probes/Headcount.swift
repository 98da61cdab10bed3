// SPDX-License-Identifier: Apache-2.0

import Vitals

/// How many containers or units a check asked for, how many of them run, and what is to be said of the rest.
struct Headcount {
    /// Those that were found.
    let found: [ContainerFigures]
    /// Names that are written out and that nothing has, where everything could be looked at.
    let absent: [String]
    /// What else there may be.
    let unmeasured: [Unmeasured]
    private let title: String

    /// Counts; of `found` where these are fewer than the answer holds.
    init(
        _ selection: Selection, _ answer: ContainerAnswer, found: [ContainerFigures]? = nil,
        title: String? = nil
    ) {
        self.title = title ?? selection.text
        self.found = found ?? answer.containers
        unmeasured = answer.unmeasured
        absent =
            answer.unmeasured.isEmpty
            ? selection.unanswered(by: answer.containers.map(\.identity)) : []
    }

    /// How many were asked for, as far as anybody knows.
    var asked: Int { found.count + absent.count }

    /// `2 of 3 containers run`.
    var text: String {
        let running = found.count { $0.isAlive == true }
        return "\(running) of \(asked) \(noun) \(running == 1 ? "runs" : "run")"
    }

    /// The result where nothing of what was found is bad and something could not be looked at or judged: unknown; nil where
    /// everything could. `results` are those of what was found.
    func inconclusive(_ results: [ProbeResult]) -> ProbeResult? {
        let open = results.filter { $0.outcome == .unknown }
        guard var first = open.first else { return unmeasured.first.map(unknown) }
        if asked == 1, unmeasured.isEmpty { return first }
        let unseen = found.count { $0.isAlive == nil }
        first.message =
            "\(text); \(open.count) could not be \(unseen > 0 ? "looked at" : "judged"): \(first.message)"
        return first
    }

    private func unknown(_ cause: Unmeasured) -> ProbeResult {
        let said = asked == 0 ? "\(title) could not be looked at" : "\(text); others could not be looked at"
        return ProbeResult(.unknown, reason: cause.reason, message: "\(said): \(cause.fact). \(cause.remedy)")
    }

    private var noun: String {
        let units = found.count { $0.identity.name.isEmpty }
        if units == 0 { return asked == 1 ? "container" : "containers" }
        if units == found.count { return asked == 1 ? "unit" : "units" }
        return "containers and units"
    }
}
