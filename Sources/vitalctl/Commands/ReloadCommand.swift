// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Vitals

/// `vitalctl reload`
struct ReloadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reload", abstract: "Reads the configuration again (root or vitald's user).",
        discussion:
            "A configuration with faults changes nothing; the faults are shown and the exit code is 1.")

    @OptionGroup var shared: SharedOptions

    func run() throws {
        try shared.talk { link, console in
            let answer = try link.call(Reload.method, patience: Link.longPatience)
            if shared.json { return console.show(answer.source) }
            guard let summary = Reload.read(answer) else { throw Failure.puzzling(method: "reload") }
            for line in Self.lines(summary) { console.show(line) }
        }
    }

    /// What changed.
    static func lines(_ summary: ReloadSummary) -> [String] {
        var lines = ["reloaded: generation \(summary.generation)"]
        for (word, names) in [
            ("added", summary.added), ("changed", summary.changed), ("removed", summary.removed),
        ] where !names.isEmpty { lines.append("  \(word): \(names.joined(separator: ", "))") }
        if summary.added.isEmpty, summary.changed.isEmpty, summary.removed.isEmpty {
            lines.append("  no check changed")
        }
        return lines + summary.remarks.map { "  \($0)" }
    }
}
