// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Vitals

/// `vitalctl top`
struct TopCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "top", abstract: "Checks and containers on one screen, refreshed.",
        discussion: """
            The busiest containers come first. Ends with Ctrl-C; where the standard output is not a terminal, after one \
            refresh.
            """)

    @OptionGroup var shared: SharedOptions

    @Option(help: ArgumentHelp("Time between two refreshes.", valueName: "duration"))
    var every = "2s"

    @Option(help: ArgumentHelp("End after this many refreshes; 1 without a terminal.", valueName: "n"))
    var count: Int?

    func validate() throws { _ = try interval() }

    func run() throws {
        let interval = try interval()
        try shared.talk { link, console in
            let count = self.count ?? (console.isTerminal ? nil : 1)
            var shown = 0
            while count.map({ shown < $0 }) ?? true {
                let status = StatusQuery.Reply(reading: try link.call(StatusQuery.method))
                let checks = ChecksList.read(try link.call(ChecksList.method))
                let containers = try ContainersCommand.ask(link, [])
                guard let status else { throw Failure.puzzling(method: "status") }
                var lines = StatusCommand.lines(status, checks, now: Clock.wall, paint: console.paint)
                let views = containers["containers"]?.elements.compactMap { ContainerView(reading: $0) } ?? []
                lines += [""] + ContainerText.table(Self.busiestFirst(views), paint: console.paint)
                // Home, each line cleared to its end, the rest of the screen cleared: no flicker.
                console.raw(
                    console.paint == .plain
                        ? lines.joined(separator: "\n") + "\n\n"
                        : "\u{1B}[H" + lines.map { $0 + "\u{1B}[K\n" }.joined() + "\u{1B}[J")
                shown += 1
                if count.map({ shown < $0 }) ?? true { Clock.pause(interval) }
            }
        }
    }

    /// By CPU, then by memory, then by name; what is unknown comes last.
    static func busiestFirst(_ containers: [ContainerView]) -> [ContainerView] {
        func key(_ view: ContainerView) -> (Double, Int64) {
            (-(view.figures.cpuPercentOfCore ?? -1), -(view.figures.memoryBytes ?? -1))
        }
        return containers.sorted { a, b in
            key(a) != key(b)
                ? key(a) < key(b)
                : ContainerText.name(a.figures.identity) < ContainerText.name(b.figures.identity)
        }
    }

    private func interval() throws -> Duration {
        guard let duration = DurationText.parse(every), duration >= .milliseconds(100) else {
            throw ValidationError("--every \(every) is not a duration of at least 100ms; write 2s or 500ms.")
        }
        return duration
    }
}
