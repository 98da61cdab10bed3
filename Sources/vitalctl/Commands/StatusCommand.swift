// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Vitals

/// `vitalctl status`
struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "The overall status and every check (what vitalctl alone does).",
        discussion: """
            The exit code is 0 whenever vitald answers; use `vitalctl check` where the code should tell the status.

              vitalctl status --json | jq -r .status
            """)

    @OptionGroup var shared: SharedOptions

    func run() throws {
        try shared.talk { link, console in
            let answer = try link.call(StatusQuery.method)
            if shared.json { return console.show(answer.source) }
            guard let status = StatusQuery.Reply(reading: answer) else {
                throw Failure.puzzling(method: "status")
            }
            let checks = ChecksList.read(try link.call(ChecksList.method))
            for line in Self.lines(status, checks, now: Clock.wall, paint: console.paint) {
                console.show(line)
            }
        }
    }

    /// The whole picture.
    static func lines(_ status: StatusQuery.Reply, _ checks: [CheckView], now: WallTime, paint: Paint)
        -> [String]
    {
        var lines = [
            StatusText.headline(status, now: now, paint: paint), StatusText.summary(status.counts),
        ]
        lines += MissingText.lines(status.unmeasured, paint: paint)
        if !checks.isEmpty { lines += [""] + StatusText.table(checks, now: now, paint: paint) }
        return lines
    }
}
