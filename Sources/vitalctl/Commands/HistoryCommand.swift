// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Vitals

/// `vitalctl history CHECK`
struct HistoryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history", abstract: "The last results of a check and its changes, oldest first.")

    @OptionGroup var shared: SharedOptions

    @Argument(help: "The check's name.")
    var check: String

    @Option(
        name: [.short, .long], help: ArgumentHelp("At most this many results, up to 100.", valueName: "n"))
    var limit = History.mostResults

    func validate() throws {
        guard (1...History.mostResults).contains(limit) else {
            throw ValidationError("--limit \(limit) is out of range; give 1 to \(History.mostResults).")
        }
    }

    func run() throws {
        try shared.talk { link, console in
            let answer = try link.call(History.method) { parameters in
                parameters.member("name", check)
                parameters.member("limit", Int64(limit))
            }
            if shared.json { return console.show(answer.source) }
            guard let history = History.Reply(reading: answer) else {
                throw Failure.puzzling(method: "history")
            }
            for line in ChangeText.history(history, now: Clock.wall, paint: console.paint) {
                console.show(line)
            }
        }
    }
}
