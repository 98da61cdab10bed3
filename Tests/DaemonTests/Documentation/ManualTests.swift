// SPDX-License-Identifier: Apache-2.0

import Publishing
import Testing
import Vitals

@testable import vitald

/// The manual pages and the example name what the program knows.
@Suite("manual")
struct ManualTests {
    @Test("vitald.json(5) explains every key of every kind of check", arguments: KnownKeys.kinds)
    func explainsKind(_ kind: String) throws {
        let page = try ManualPage("vitald.json.5")
        let keys = KnownKeys.of(kind)
        try #require(keys.own.count > 0 && keys.common.contains("interval"))

        let below = page.items(below: kind)
        let missing = keys.own.filter { !below.contains($0) }

        #expect(missing == [], "vitald.json.5, section \(kind)")
    }

    @Test("vitald.json(5) explains the keys of the top level, its objects, and those of every check")
    func explainsTheRest() throws {
        let page = try ManualPage("vitald.json.5")
        let common = KnownKeys.of("heartbeat").common
        try #require(KnownKeys.top.contains("checks") && KnownKeys.of(object: "socket").contains("mode"))

        #expect(KnownKeys.top.filter { !page.items(below: "TOP LEVEL").contains($0) } == [])
        #expect(common.filter { !page.items.contains($0) } == [])
        for object in ["instance", "http", "socket", "host", "containers", "journal"] {
            let missing = KnownKeys.of(object: object).filter { !page.items.contains("\(object).\($0)") }
            #expect(missing == [], "\(object)")
        }
        for object in ["tls", "auth"] {
            let keys = KnownKeys.of(object: object, within: "http")
            try #require(keys.count > 2)
            let missing = keys.filter { !page.items.contains("http.\(object).\($0)") }
            #expect(missing == [], "http.\(object)")
        }
        let limits = KnownKeys.of(object: "limits", within: "http")
        let text = try Repository.text("packaging/man/vitald.json.5")
        try #require(limits.count > 2)
        #expect(limits.filter { !text.contains("\n.Cm \($0)\n") } == [])
        let defaults = KnownKeys.of(object: "defaults")
        #expect(defaults.filter { !page.items(below: "DEFAULTS").contains($0) } == [])
    }

    @Test("vitald.json(5) explains no key that is not there")
    func inventsNothing() throws {
        let page = try ManualPage("vitald.json.5")

        for kind in KnownKeys.kinds {
            let known = KnownKeys.of(kind).own
            #expect(page.items(below: kind).filter { !known.contains($0) } == [], "\(kind)")
        }
    }

    @Test("config.example.json shows every key of every kind of check", arguments: KnownKeys.kinds)
    func showsKind(_ kind: String) throws {
        let example = try Example()
        let keys = KnownKeys.of(kind)

        #expect(keys.own.filter { !example.keys(of: kind).contains($0) } == [])
        #expect(keys.common.filter { !example.commonKeys.contains($0) } == [])
    }

    @Test("vitald(8) explains every flag of the help")
    func explainsFlags() throws {
        let page = try ManualPage("vitald.8")
        let flags = Set(HelpText.text.split { $0.isWhitespace || $0 == "," }.filter { $0.hasPrefix("--") })
        try #require(flags.count > 10)

        #expect(flags.filter { !page.items.contains("-" + $0.dropFirst(2)) } == [])
    }

    @Test("vitald(8) names the MESSAGE_ID of every kind of line and every path of the server")
    func namesIdentifiers() throws {
        let page = try ManualPage("vitald.8")

        #expect(JournalEvent.allCases.filter { !page.items.contains($0.messageID) } == [])
        #expect(RouteCatalog.all.flatMap { $0.paths }.filter { !page.items.contains($0) } == [])
    }

    @Test("vitalctl(1) explains every command of the help")
    func explainsCommands() throws {
        let page = try ManualPage("vitalctl.1")
        let help = try ProgramRun(["--help"]).outcome().output
        let commands = help.split(separator: "\n").drop { !$0.hasPrefix("SUBCOMMANDS") }.dropFirst()
            .prefix { $0.hasPrefix("  ") }.filter { !$0.hasPrefix("   ") && !$0.hasPrefix("  See ") }
            .compactMap { $0.split(separator: " ").first.map(String.init) }
        try #require(commands.contains("wait"))

        #expect(commands.filter { !page.items.contains($0) } == [])
    }

    @Test("the README fits on two screens")
    func staysShort() throws {
        #expect(
            try Repository.text("README.md").split(separator: "\n", omittingEmptySubsequences: false).count
                <= 151)
    }
}
