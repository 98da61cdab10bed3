// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Vitals

/// The options that every command has.
struct SharedOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The socket of vitald.", valueName: "path"))
    var socket: String?

    @Flag(help: "Print vitald's answer as JSON.")
    var json = false

    @Option(
        name: [.customShort("i"), .customLong("instance")],
        help: ArgumentHelp("The vitald beside this service: vitald@NAME.", valueName: "name"))
    var instance: String?

    func validate() throws {
        guard let instance else { return }
        guard socket == nil else {
            throw ValidationError("--socket and -i both name a vitald. Give one of them.")
        }
        do throws(InstanceName.Problem) {
            _ = try InstanceName(instance)
        } catch {
            throw ValidationError("-i \(error.fact). \(error.remedy)")
        }
    }

    var places: [String] {
        SocketLookup.places(
            flag: socket, instance: instance.flatMap { try? InstanceName($0) },
            variable: Console.variable("VITALD_SOCKET"), own: Caller.instances,
            runtimeDirectory: Console.variable("XDG_RUNTIME_DIR"))
    }

    /// Connects, hands over the connection, and turns failures into one message and an exit code.
    func talk(code: Int32 = 1, _ body: (Link, Console) throws -> Void) throws {
        let console = Console.standard
        do {
            try body(try Link.open(places), console)
        } catch let failure as Failure {
            console.complain(failure.description)
            throw ExitCode(code)
        }
    }
}
