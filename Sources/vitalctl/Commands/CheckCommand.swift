// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Vitals

/// `vitalctl check`
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "One line and an exit code, as Nagios and its kin want it.",
        discussion: """
            Exit codes: 0 healthy, 1 degraded, 2 unhealthy, 3 unknown or vitald not reached. With --ready: 0 ready, \
            2 not ready, 3 not reached.
            """)

    @OptionGroup var shared: SharedOptions

    @Flag(help: "Ask whether traffic may be sent here, instead of the status.")
    var ready = false

    func run() throws {
        let console = Console.standard
        let code = verdict(console)
        if code != 0 { throw ExitCode(code) }
    }

    private func verdict(_ console: Console) -> Int32 {
        do throws(Failure) {
            let link = try Link.open(shared.places)
            let answer = try link.call(StatusQuery.method)
            guard let status = StatusQuery.Reply(reading: answer) else { throw .puzzling(method: "status") }
            let checks = ChecksList.read(try link.call(ChecksList.method))
            let verdict = NagiosText(status, checks: checks, askingReadiness: ready)
            if shared.json { console.show(answer.source) } else { console.show(verdict.line) }
            return verdict.code
        } catch {
            let verdict = NagiosText(unreachable: error)
            console.show(verdict.line)
            return verdict.code
        }
    }
}
