// SPDX-License-Identifier: Apache-2.0

import Vitals

/// Reads the daemon's flags. By hand: a dozen flags are not worth the 3.8 MiB of a library for them.
struct CommandLineReader {
    /// What is to be done.
    enum Task {
        case run
        case check
        case print
        case help
        case version
    }

    /// What the flags ask for; the last one counts, but help and version win.
    private(set) var task = Task.run

    private let arguments: [String]
    private var position = 0
    private var options = DaemonOptions()
    private var configurationPath: String?

    private static let names = [
        "--config", "--check-config", "--print-config", "--http", "--socket", "--instance", "--proc-root",
        "--sys-root",
        "--cgroup-root", "--log-level", "--log-format", "--version", "--help",
    ]

    /// Prepares to read arguments.
    init(arguments: [String]) { self.arguments = arguments }

    /// Reads all of them; of a flag that is given twice the last one counts, `--http` adds up.
    mutating func read(environment: (_ name: String) -> String?) throws(CommandLineFault) -> DaemonOptions {
        while position < arguments.count {
            let argument = arguments[position]
            position += 1
            try read(argument)
        }
        if let path = configurationPath ?? CommandLineReader.value(of: "VITALD_CONFIG", environment) {
            options.configuration = .named(path)
        } else if let instance = options.instance {
            options.configuration = .usual(instance.configurationPath)
        }
        if options.socketPath == nil {
            options.socketPath = CommandLineReader.value(of: "VITALD_SOCKET", environment)
        }
        return options
    }

    /// An empty variable is as good as none: that is how a unit file or a shell takes one back.
    private static func value(of name: String, _ environment: (_ name: String) -> String?) -> String? {
        environment(name).flatMap { $0.isEmpty ? nil : $0 }
    }

    private mutating func read(_ argument: String) throws(CommandLineFault) {
        let (name, attached) = CommandLineReader.split(argument)
        switch name {
        case "--config": configurationPath = try text(name, attached, "a file")
        case "--check-config": try choose(.check, name, attached)
        case "--print-config": try choose(.print, name, attached)
        case "--help", "-h": try choose(.help, name, attached)
        case "--version": try choose(.version, name, attached)
        case "--http": options.http.append(try address(name, attached))
        case "--socket": options.socketPath = try text(name, attached, "a path")
        case "--instance": options.instance = try instance(name, attached)
        case "--proc-root": options.procRoot = try directory(name, attached)
        case "--sys-root": options.sysRoot = try directory(name, attached)
        case "--cgroup-root": options.cgroupRoot = try directory(name, attached)
        case "--log-level": options.logLevel = try word(name, attached)
        case "--log-format": options.logFormat = try word(name, attached)
        default: throw unknown(argument, name)
        }
    }

    private static func split(_ argument: String) -> (name: String, value: String?) {
        guard argument.utf8.starts(with: "--".utf8), let sign = argument.firstIndex(of: "=") else {
            return (argument, nil)
        }
        return (String(argument[..<sign]), String(argument[argument.index(after: sign)...]))
    }

    private mutating func choose(_ task: Task, _ name: String, _ attached: String?) throws(CommandLineFault) {
        guard attached == nil else {
            throw CommandLineFault(argument: name, fact: "takes no value", remedy: "Write \(name) alone.")
        }
        if self.task != .help, self.task != .version || task == .help { self.task = task }
    }

    private mutating func text(_ name: String, _ attached: String?, _ what: String) throws(CommandLineFault)
        -> String
    {
        var value = attached
        if value == nil, position < arguments.count, !arguments[position].utf8.starts(with: "--".utf8) {
            value = arguments[position]
            position += 1
        }
        guard let value, !value.isEmpty else {
            throw CommandLineFault(
                argument: name, fact: "has no value", remedy: "Write \(what) behind it.")
        }
        return value
    }

    private mutating func directory(_ name: String, _ attached: String?) throws(CommandLineFault) -> String {
        let path = try text(name, attached, "a directory")
        guard path.utf8.first == UInt8(ascii: "/") else {
            throw CommandLineFault(
                argument: name, fact: "\(Quotation.quote(path)) is not an absolute path",
                remedy: "Begin it with a slash.")
        }
        var bytes = Array(path.utf8)
        while bytes.count > 1, bytes.last == UInt8(ascii: "/") { bytes.removeLast() }
        return String(decoding: bytes, as: UTF8.self)
    }

    private mutating func address(_ name: String, _ attached: String?) throws(CommandLineFault)
        -> ListenAddress
    {
        let value = try text(name, attached, "an address and a port")
        do throws(ListenAddress.Problem) {
            return try ListenAddress(parsing: value)
        } catch {
            throw CommandLineFault(
                argument: name, fact: "\(Quotation.quote(value)) \(error.fact)", remedy: error.remedy)
        }
    }

    private mutating func instance(_ name: String, _ attached: String?) throws(CommandLineFault)
        -> InstanceName
    {
        let value = try text(name, attached, "the name of the agent's service")
        do throws(InstanceName.Problem) {
            return try InstanceName(value)
        } catch {
            throw CommandLineFault(argument: name, fact: error.fact, remedy: error.remedy)
        }
    }

    private mutating func word<Word: RawRepresentable & CaseIterable>(_ name: String, _ attached: String?)
        throws(CommandLineFault) -> Word where Word.RawValue == String
    {
        let words = Word.allCases.map(\.rawValue)
        let text = try text(name, attached, "one of " + words.joined(separator: ", "))
        guard let word = Word(rawValue: text) else {
            throw CommandLineFault(
                argument: name, fact: "\(Quotation.quote(text)) is not known",
                remedy: "Write one of \(words.joined(separator: ", ")).")
        }
        return word
    }

    private func unknown(_ argument: String, _ name: String) -> CommandLineFault {
        guard argument.utf8.first == UInt8(ascii: "-") else {
            return CommandLineFault(
                argument: Quotation.quote(argument, else: "an argument"), fact: "vitald takes flags only",
                remedy: "The file of the configuration is named with --config FILE; see --help.")
        }
        let near = Spelling.nearest(to: name, among: CommandLineReader.names)
        return CommandLineFault(
            argument: Quotation.quote(name, else: "an argument"), fact: "unknown flag",
            remedy: near.map { "Did you mean \($0)?" } ?? "See vitald --help.")
    }
}
