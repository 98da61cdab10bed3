// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Vitals

/// `vitalctl push …`
struct PushCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "push", abstract: "Hands something to vitald.",
        discussion: """
              vitalctl push heartbeat agent_responsive
              vitalctl push check backup fail --message "disk full"
            """, subcommands: [Heartbeat.self, Check.self])

    /// `vitalctl push heartbeat NAME`
    struct Heartbeat: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "heartbeat", abstract: "A sign of life for a heartbeat check.",
            discussion: """
                A check with `bind: connection` fails again at once, since vitalctl hangs up; keep a connection of \
                your own for those.
                """)

        @OptionGroup var shared: SharedOptions

        @Argument(help: "The check's name.")
        var name: String

        func run() throws {
            try shared.talk { link, console in
                let answer = try link.call(PushHeartbeat.method) { $0.member("name", name) }
                if shared.json { console.show(answer.source) }
            }
        }
    }

    /// `vitalctl push check NAME OUTCOME`
    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "check", abstract: "The result of a check that you made, for a pushed check.",
            discussion: """
                  vitalctl push check backup pass
                  vitalctl push check backup warn --message "took 3 h" --reason backup.slow --latency 3h
                """)

        @OptionGroup var shared: SharedOptions

        @Argument(help: "The check's name.")
        var name: String

        @Argument(help: "pass, warn, fail, or unknown where you could not check.")
        var outcome: String

        @Option(help: "One sentence for people.")
        var message: String?

        @Option(help: ArgumentHelp("A stable code for programs: a-z, 0-9, _ and .", valueName: "code"))
        var reason: String?

        @Option(help: ArgumentHelp("How long the check took.", valueName: "duration"))
        var latency: String?

        func validate() throws {
            guard Outcome(word: outcome) != nil else {
                let known = Outcome.allCases.map(\.word).joined(separator: ", ")
                throw ValidationError("\(outcome) is not an outcome. Write one of \(known).")
            }
            if let latency, DurationText.parse(latency) == nil {
                throw ValidationError("--latency \(latency) is not a duration. Write 250ms, 30s or 5m.")
            }
        }

        func run() throws {
            try shared.talk { link, console in
                let answer = try link.call(PushCheck.method) { parameters in
                    parameters.member("name", name)
                    parameters.member("outcome", outcome)
                    parameters.member("message", message)
                    parameters.member("reason", reason)
                    parameters.member("latencySeconds", latency.flatMap(DurationText.parse)?.seconds)
                }
                if shared.json { console.show(answer.source) }
            }
        }
    }
}
