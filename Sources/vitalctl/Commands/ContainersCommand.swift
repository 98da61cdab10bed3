// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Vitals

/// `vitalctl containers [SELECT]`
struct ContainersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "containers", abstract: "CPU, memory, processes and network of containers and units.",
        discussion: """
            Patterns are shell globs on the name, the unit, or the beginning of the cgroup path; a leading ! \
            excludes, and the first match wins. `self` is vitald's own cgroup, `host` the machine.

              vitalctl containers
              vitalctl containers 'web*' postgresql.service
              vitalctl containers '!system*' '*'

            CPU is of one core: two busy cores are 200%. MEM% is of LIMIT, the memory limit that is fullest up to \
            the root, and WHOSE says which cgroup sets it: the container's own, or one above it, which it shares; \
            host where there is no limit. LEFT is what may still be used.
            """)

    @OptionGroup var shared: SharedOptions

    @Argument(help: "Which ones; all by default.")
    var select: [String] = []

    func run() throws {
        try shared.talk { link, console in
            let answer = try Self.ask(link, select)
            if shared.json { return console.show(answer.source) }
            if let host = answer["host"] {
                return console.show(ContainerText.host(ContainerView.readHost(host)))
            }
            let containers = answer["containers"]?.elements.compactMap { ContainerView(reading: $0) } ?? []
            for line in ContainerText.table(containers, paint: console.paint) { console.show(line) }
            for line in MissingText.lines(UnmeasuredView.read(answer), paint: console.paint) {
                console.show(line)
            }
        }
    }

    static func ask(_ link: Link, _ select: [String]) throws(Failure) -> JSONValue {
        try link.call(ContainerQuery.method) { parameters in
            guard !select.isEmpty else { return }
            parameters.member(
                "select", array: { list in for pattern in select { list.string(pattern) } })
        }
    }
}
