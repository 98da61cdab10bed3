// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Vitals

/// `vitalctl wait`
struct WaitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wait",
        abstract: "Waits until all is healthy, or with --ready until traffic may be sent.",
        discussion: """
            vitald itself is waited for too. Exits 0 when it is so, 1 when the time is over.

              vitalctl wait --ready --timeout 30s && systemctl start agent
            """)

    @OptionGroup var shared: SharedOptions

    @Flag(help: "Wait for readiness instead of health.")
    var ready = false

    @Option(help: ArgumentHelp("Give up after this time; 60s by default.", valueName: "duration"))
    var timeout = "60s"

    /// Time between two looks.
    private static let pace = Duration.milliseconds(200)

    func validate() throws { _ = try patience() }

    func run() throws {
        let console = Console.standard
        let deadline = Clock.now + (try patience())
        var last = Failure.notFound([]).description
        var link: Link?
        while true {
            do throws(Failure) {
                let open: Link
                if let kept = link { open = kept } else { open = try Link.open(shared.places) }
                link = open
                let answer = try open.call(StatusQuery.method)
                guard let status = StatusQuery.Reply(reading: answer) else {
                    throw .puzzling(method: "status")
                }
                if ready ? status.ready : status.status == .healthy {
                    if shared.json {
                        console.show(answer.source)
                    } else {
                        console.show(StatusText.headline(status, now: Clock.wall, paint: console.paint))
                    }
                    return
                }
                last = "vitald says: " + StatusText.headline(status, now: Clock.wall, paint: .plain)
            } catch {
                link = nil
                last = error.description
            }
            let left = deadline - Clock.now
            guard left > .zero else {
                console.complain("not \(ready ? "ready" : "healthy") within \(timeout). \(last)")
                throw ExitCode(1)
            }
            Clock.pause(min(left, Self.pace))
        }
    }

    private func patience() throws -> Duration {
        guard let duration = DurationText.parse(timeout) else {
            throw ValidationError("--timeout \(timeout) is not a duration; write 30s, 5m or 1h.")
        }
        return duration
    }
}
