// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Vitals

/// `vitalctl run CHECK`
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Runs a check now and shows what came of it (root or vitald's user).",
        discussion: "The result counts like any other.\n\n  sudo vitalctl run database")

    @OptionGroup var shared: SharedOptions

    @Argument(help: "The check's name.")
    var check: String

    /// An attempt may have to wait for the one before it, each of which takes its timeout at most.
    private func patience(_ known: CheckView?) -> Duration {
        (known?.detail.flatMap { DurationText.parse($0.timeout) } ?? .zero) * 2 + Link.longPatience
    }

    func run() throws {
        try shared.talk { link, console in
            let known = try ChecksGet.read(link.call(ChecksGet.method) { $0.member("name", check) })
            let answer = try link.call(ChecksRun.method, patience: patience(known)) {
                $0.member("name", check)
            }
            if shared.json { return console.show(answer.source) }
            guard let view = ChecksGet.read(answer) else { throw Failure.puzzling(method: "checks.run") }
            for line in StatusText.detail(view, now: Clock.wall, paint: console.paint) { console.show(line) }
        }
    }
}
