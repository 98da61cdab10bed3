// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Vitals

/// `vitalctl checks [NAME]`
struct ChecksCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "checks", abstract: "All checks, or everything about one.",
        discussion: """
              vitalctl checks
              vitalctl checks database
              vitalctl checks --json | jq -r '.checks[] | select(.level != "healthy") | .name'
            """)

    @OptionGroup var shared: SharedOptions

    @Argument(help: "The check's name.")
    var name: String?

    @Option(help: "Only the checks that carry this tag.")
    var tag: String?

    func run() throws {
        try shared.talk { link, console in
            guard let name else {
                let answer = try link.call(ChecksList.method) { $0.member("tag", tag) }
                if shared.json { return console.show(answer.source) }
                let checks = ChecksList.read(answer)
                if checks.isEmpty { return console.show("no checks") }
                for line in StatusText.table(checks, now: Clock.wall, paint: console.paint) {
                    console.show(line)
                }
                return
            }
            let answer = try link.call(ChecksGet.method) { $0.member("name", name) }
            if shared.json { return console.show(answer.source) }
            guard let check = ChecksGet.read(answer) else { throw Failure.puzzling(method: "checks.get") }
            for line in StatusText.detail(check, now: Clock.wall, paint: console.paint) { console.show(line) }
        }
    }
}
