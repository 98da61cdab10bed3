// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Vitals

/// `vitalctl version`
struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "The versions of vitalctl and of the vitald that answers.")

    @OptionGroup var shared: SharedOptions

    func run() throws {
        let console = Console.standard
        if !shared.json { console.show("vitalctl \(Version.text)") }
        try shared.talk { link, console in
            let answer = try link.call(Hello.method) { parameters in
                parameters.member("protocol", Hello.protocolVersion)
                parameters.member("client", "vitalctl/\(Version.text)")
            }
            if shared.json { return console.show(answer.source) }
            guard let hello = Hello.Reply(reading: answer) else { throw Failure.puzzling(method: "hello") }
            console.show("\(hello.server), protocol \(answer["protocol"]?.integer ?? 0), at \(link.path)")
            console.show("you are uid \(hello.peer.uid) and may \(hello.roles.joined(separator: ", "))")
        }
    }
}
