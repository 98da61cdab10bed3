// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Vitals

/// `vitalctl doctor`
struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "What vitald can and cannot see here, why, and the remedy.",
        discussion: """
            Looks from where vitald stands: as its user, in its sandbox. Where vitald is not reached, it looks for the \
            reason from here. The exit code is 1 where something is missing or vitald is not reached.

              vitalctl doctor --json | jq -r '.findings[] | select(.state != "ok") | .remedy'
            """)

    @OptionGroup var shared: SharedOptions

    func run() throws {
        let console = Console.standard
        let link: Link
        do throws(Failure) {
            link = try Link.open(shared.places)
        } catch {
            return try explain(error, console)
        }
        let answer: JSONValue
        do throws(Failure) {
            answer = try link.call(Doctor.method)
        } catch {
            console.complain(error.description)
            throw ExitCode(1)
        }
        guard let reply = Doctor.Reply(reading: answer) else {
            console.complain(Failure.puzzling(method: "doctor").description)
            throw ExitCode(1)
        }
        if shared.json {
            console.show(answer.source)
        } else {
            for line in DoctorText.lines(
                reply, client: Version.text, paint: console.paint, width: console.width)
            {
                console.show(line)
            }
        }
        if reply.findings.contains(where: { $0.state == .missing }) { throw ExitCode(1) }
    }

    /// Why nobody answers, as far as it can be seen from here.
    private func explain(_ failure: Failure, _ console: Console) throws {
        let findings = Absence.findings(failure)
        if shared.json {
            var writer = JSONWriter()
            writer.object { reply in
                reply.member(
                    "findings", array: { list in for finding in findings { finding.write(into: &list) } })
            }
            console.show(writer.bytes)
        } else {
            for line in DoctorText.lines(findings, paint: console.paint, width: console.width) {
                console.show(line)
            }
        }
        throw ExitCode(1)
    }
}
