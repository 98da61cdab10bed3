// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Vitals

/// `vitalctl push …`
struct PushCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "push", abstract: "Hands something to vitald.",
        discussion: "  vitalctl push heartbeat agent_responsive", subcommands: [Heartbeat.self])

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
}
