// SPDX-License-Identifier: Apache-2.0

import Testing
import Vitals

@testable import vitald

@Suite("The command line of the daemon")
struct InvocationTests {
    private func parse(_ arguments: [String], _ environment: [String: String] = [:]) throws -> Invocation {
        try Invocation(arguments, environment: { environment[$0] })
    }

    private func options(_ arguments: [String], _ environment: [String: String] = [:]) throws -> DaemonOptions
    {
        let invocation = try parse(arguments, environment)
        guard case .run(let options) = invocation else {
            Issue.record("\(invocation)")
            return DaemonOptions()
        }
        return options
    }

    @Test("without arguments the daemon runs with the defaults")
    func defaults() throws {
        let options = try options([])

        #expect(options == DaemonOptions())
        #expect(options.configuration == .usual("/etc/vitald/config.json"))
        #expect(options.procRoot == "/proc" && options.sysRoot == "/sys" && options.cgroupRoot == nil)
        #expect(options.logLevel == .info && options.logFormat == .auto)
    }

    @Test("every flag is understood, with its value behind it or attached")
    func flags() throws {
        for attached in [false, true] {
            let pairs = [
                ("--config", "/a.json"), ("--http", "127.0.0.1:0"), ("--http", "[::1]:1"),
                ("--socket", "/s.sock"),
                ("--proc-root", "/p/"), ("--sys-root", "/y"), ("--cgroup-root", "/"),
                ("--log-level", "debug"),
                ("--log-format", "json"),
            ]
            let options = try options(pairs.flatMap { attached ? ["\($0.0)=\($0.1)"] : [$0.0, $0.1] })

            #expect(options.configuration == .named("/a.json"))
            #expect(options.http.map(\.description) == ["127.0.0.1:0", "[::1]:1"])
            #expect(options.socketPath == "/s.sock")
            #expect(options.procRoot == "/p" && options.sysRoot == "/y" && options.cgroupRoot == "/")
            #expect(options.logLevel == .debug && options.logFormat == .json)
        }
    }

    @Test("an instance has a configuration and a socket of its own, unless they are named")
    func instance() throws {
        let plain = try options(["--instance", "agno.service"])
        let named = try options(["--instance=agno", "--config", "/f.json", "--socket", "/s.sock"])

        #expect(plain.instance?.unit == "agno.service")
        #expect(plain.configuration == .usual("/etc/vitald/agno.json"))
        #expect(plain.socketPath == nil && plain.instance?.socketPath == "/run/vitald/agno/vitald.sock")
        #expect(named.configuration == .named("/f.json") && named.socketPath == "/s.sock")
        #expect(throws: CommandLineFault.self) { try options(["--instance", "../agno"]) }
        #expect(throws: CommandLineFault.self) { try options(["--instance"]) }
    }

    @Test("flags beat the environment, the environment beats the default, and an empty variable is none")
    func precedence() throws {
        let environment = ["VITALD_CONFIG": "/e.json", "VITALD_SOCKET": "/e.sock"]

        #expect(try options([], environment).configuration == .named("/e.json"))
        #expect(try options([], environment).socketPath == "/e.sock")
        #expect(try options(["--config", "/f.json"], environment).configuration == .named("/f.json"))
        #expect(try options(["--socket", "/f.sock"], environment).socketPath == "/f.sock")
        #expect(try options([], ["VITALD_CONFIG": "", "VITALD_SOCKET": ""]) == DaemonOptions())
        #expect(try options(["--config", "/a", "--config", "/b"]).configuration == .named("/b"))
    }

    @Test("the other tasks are told apart, help and version win")
    func tasks() throws {
        #expect(try parse(["--help"]) == .help)
        #expect(try parse(["-h", "--check-config"]) == .help)
        #expect(try parse(["--check-config", "--version"]) == .version)
        #expect(try parse(["--version", "--print-config"]) == .version)
        var options = DaemonOptions()
        options.configuration = .named("/a")
        #expect(try parse(["--check-config", "--config", "/a"]) == .checkConfiguration(options))
        #expect(try parse(["--config=/a", "--print-config"]) == .printConfiguration(options))
    }

    private static let wrong: [(arguments: [String], sentence: String)] = [
        (["--confg", "/a"], "\"--confg\": unknown flag. Did you mean --config?"),
        (["--verbose"], "\"--verbose\": unknown flag. See vitald --help."),
        (["-c", "/a"], "\"-c\": unknown flag. See vitald --help."),
        (
            ["/etc/a.json"],
            "\"/etc/a.json\": vitald takes flags only. The file of the configuration is named with --config FILE; "
                + "see --help."
        ),
        (["--config"], "--config: has no value. Write a file behind it."),
        (["--config="], "--config: has no value. Write a file behind it."),
        (["--config", "--socket", "/a"], "--config: has no value. Write a file behind it."),
        (["--check-config=yes"], "--check-config: takes no value. Write --check-config alone."),
        (
            ["--http", "9847"],
            "--http: \"9847\" has no port. Write an address and a port, for example \"127.0.0.1:9847\"."
        ),
        (
            ["--http", "127.0.0.1:65536"],
            "--http: \"127.0.0.1:65536\" has a port that is not a number from 0 to 65535. "
                + "Write for example \"127.0.0.1:9847\"."
        ),
        (
            ["--http", "user:CANARY@h:80"],
            "--http: the value is not an IP address and a port. Write an IPv4 address or an IPv6 address in "
                + "brackets; for this machine alone \"127.0.0.1:80\" or \"[::1]:80\"."
        ),
        (
            ["postgresql://u:CANARY@h/d"],
            "an argument: vitald takes flags only. The file of the configuration is named with --config FILE; "
                + "see --help."
        ),
        (["--proc-root", "proc"], "--proc-root: \"proc\" is not an absolute path. Begin it with a slash."),
        (
            ["--log-level", "loud"],
            "--log-level: \"loud\" is not known. "
                + "Write one of trace, debug, info, notice, warning, error, critical."
        ),
        (["--log-format=xml"], "--log-format: \"xml\" is not known. Write one of auto, journal, json, text."),
        (
            ["a\nb"],
            "an argument: vitald takes flags only. The file of the configuration is named with --config FILE; "
                + "see --help."
        ),
    ]

    @Test("a wrong command line is refused with the argument, the fact and the remedy", arguments: wrong)
    func refuses(_ example: (arguments: [String], sentence: String)) throws {
        let fault = try #require(throws: CommandLineFault.self) { try parse(example.arguments) }

        #expect(fault.description == example.sentence)
    }

    @Test("the help names every flag and exit code, within 100 columns")
    func help() {
        for flag in [
            "--config", "--check-config", "--print-config", "--http", "--socket", "--proc-root", "--sys-root",
            "--cgroup-root", "--log-level", "--log-format", "--version", "--help",
        ] {
            #expect(HelpText.text.firstRange(of: "  \(flag)") != nil, "\(flag)")
        }
        for code in [ExitCode.stopped, ExitCode.alreadyRunning, ExitCode.configuration] {
            #expect(HelpText.text.firstRange(of: "\(code) ") != nil)
        }
        #expect(HelpText.text.split(separator: "\n").allSatisfy { $0.count <= 100 })
    }

    @Test("addresses are read with their family, their port and whether only this machine reaches them")
    func addresses() throws {
        let good: [(String, String, Int, Bool)] = [
            ("127.0.0.1:9847", "127.0.0.1", 9847, true), ("[::1]:9847", "::1", 9847, true),
            ("127.8.9.1:0", "127.8.9.1", 0, true), ("0.0.0.0:80", "0.0.0.0", 80, false),
            ("[::]:80", "::", 80, false),
            ("10.0.0.1:65535", "10.0.0.1", 65_535, false),
            ("[0:0:0:0:0:0:0:1]:1", "0:0:0:0:0:0:0:1", 1, true),
            ("[::ffff:127.0.0.1]:1", "::ffff:127.0.0.1", 1, false),
        ]
        for (text, host, port, isLoopback) in good {
            let address = try ListenAddress(parsing: text)
            #expect(address.host == host && address.port == port && address.isLoopback == isLoopback)
            #expect(address.description == text)
        }
        for text in [
            "", ":", ":1", "127.0.0.1", "127.0.0.1:", "127.0.0.1:-1", "127.0.0.1:+1", "127.0.0.1:1 ",
            "127.1:1", "::1:1",
            "[::1]", "[::1", "::1]:1", "[127.0.0.1]:1", "[]:1", "localhost:1", "127.0.0.1:١",
            "[fe80::1%lo]:1",
            "127.0.0.1\u{0}:1",
        ] {
            #expect(throws: ListenAddress.Problem.self, "\(text)") { try ListenAddress(parsing: text) }
        }
    }

    @Test("the socket is the system's where that can be made, else the user's")
    func socketPlace() {
        let user = ["XDG_RUNTIME_DIR": "/run/user/1000"]

        #expect(
            SocketPlace.usual(environment: { user[$0] }, canMakeDirectory: { _ in true })
                == SocketPlace.system)
        #expect(
            SocketPlace.usual(environment: { user[$0] }, canMakeDirectory: { _ in false })
                == "/run/user/1000/vitald/vitald.sock")
        #expect(
            SocketPlace.usual(environment: { _ in "/x/" }, canMakeDirectory: { _ in false })
                == "/x/vitald/vitald.sock")
        #expect(
            SocketPlace.usual(environment: { _ in nil }, canMakeDirectory: { _ in false })
                == SocketPlace.system)
        #expect(
            SocketPlace.usual(environment: { _ in "rel" }, canMakeDirectory: { _ in false })
                == SocketPlace.system)
        #expect(SocketPlace.canMakeDirectory("/tmp/vitald-never-made"))
        #expect(!SocketPlace.canMakeDirectory("/vitald-has-no-such/directory"))
        #expect(SocketPlace.problem(with: "/a/" + String(repeating: "x", count: 104)) == nil)
        #expect(SocketPlace.problem(with: "/a/" + String(repeating: "x", count: 105)) != nil)
        #expect(SocketPlace.problem(with: "/" + String(repeating: "x", count: 96) + "/s") == nil)
        #expect(SocketPlace.problem(with: "/" + String(repeating: "x", count: 97) + "/s") != nil)
    }
}
