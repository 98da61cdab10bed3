// SPDX-License-Identifier: Apache-2.0

import Vitals

/// What one start of the program is asked to do.
enum Invocation: Equatable {
    /// Be the daemon.
    case run(DaemonOptions)
    /// `--check-config`: say whether the configuration is right, and stop.
    case checkConfiguration(DaemonOptions)
    /// `--print-config`: print the effective configuration, secrets masked, and stop.
    case printConfiguration(DaemonOptions)
    /// `--help`
    case help
    /// `--version`
    case version

    /// The arguments (without the program's own name) and the environment, understood.
    init(
        _ arguments: some Sequence<String>, environment: (_ name: String) -> String?
    ) throws(CommandLineFault) {
        var reader = CommandLineReader(arguments: Array(arguments))
        let options = try reader.read(environment: environment)
        switch reader.task {
        case .help: self = .help
        case .version: self = .version
        case .check: self = .checkConfiguration(options)
        case .print: self = .printConfiguration(options)
        case .run: self = .run(options)
        }
    }
}

/// What is wrong with a command line: the argument, the fact, the remedy.
struct CommandLineFault: Error, Equatable, CustomStringConvertible {
    /// The argument or the environment's variable.
    let argument: String
    /// What is wrong with it.
    let fact: String
    /// What to do about it.
    let remedy: String

    /// One sentence.
    var description: String { "\(argument): \(fact). \(remedy)" }
}

/// How the program ends.
enum ExitCode {
    /// It was stopped, or did what it was asked.
    static let stopped: Int32 = 0
    /// Something outside did not do its part: a socket, an address, a file system. Another start may go well.
    static let failed: Int32 = 1
    /// EX_OSERR of sysexits.h: the event loop cannot be made, or cannot go on. Another start may go well.
    static let system: Int32 = 71
    /// EX_TEMPFAIL of sysexits.h: another vitald is running.
    static let alreadyRunning: Int32 = 75
    /// EX_CONFIG: the configuration or the command line is wrong. One code for both, and not EX_USAGE: systemd is
    /// told not to start again after this one (RestartPreventExitStatus=78), and a wrong flag in a unit file
    /// mends itself as little as a wrong file does.
    static let configuration: Int32 = 78
}
