// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Vitals

/// `vitalctl logs [UNIT]`
struct LogsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs", abstract: "The last errors of the units whose journal vitald follows.",
        discussion: """
            Which units those are the configuration says (journal.units, and checks of type journal). For \
            everything that a unit wrote use journalctl -u.

              vitalctl logs
              vitalctl logs agno-data-api -n 3
              vitalctl logs 'agno-*.service' --json | jq -r '.units[].lines[].message'
            """)

    @OptionGroup var shared: SharedOptions

    @Argument(help: "A unit, or a glob over units.")
    var unit: String?

    @Option(
        name: [.customShort("n"), .long],
        help: ArgumentHelp("At most this many of each unit, up to 100.", valueName: "n"))
    var limit: Int?

    func validate() throws {
        guard let limit, !(1...LogsQuery.mostLines).contains(limit) else { return }
        throw ValidationError("--limit \(limit) is out of range; give 1 to \(LogsQuery.mostLines).")
    }

    func run() throws {
        try shared.talk { link, console in
            let answer = try link.call(LogsQuery.method) { parameters in
                parameters.member("unit", unit)
                parameters.member("limit", limit.map(Int64.init))
            }
            if shared.json { return console.show(answer.source) }
            guard let reply = LogsQuery.Reply(reading: answer) else { throw Failure.puzzling(method: "logs") }
            for line in LogText.lines(reply, now: Clock.wall, paint: console.paint) { console.show(line) }
            for sentence in LogText.remarks(reply) { console.complain(sentence) }
        }
    }
}
