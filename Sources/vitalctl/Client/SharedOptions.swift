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
        help: ArgumentHelp("Reserved.", valueName: "instance", visibility: .hidden))
    var instance: String?

    func validate() throws {
        if instance != nil {
            throw ValidationError(
                "-i is not available in this version. Use --socket /run/vitald/INSTANCE/vitald.sock.")
        }
    }

    var places: [String] {
        SocketLookup.places(
            flag: socket, variable: Console.variable("VITALD_SOCKET"),
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
