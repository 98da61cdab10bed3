// SPDX-License-Identifier: Apache-2.0

import Testing
import Vitals

@Suite("Globs and selections")
struct SelectionTests {
    private static let globs: [(pattern: String, text: String, matches: Bool)] = [
        ("*", "", true), ("*", "anything/at all", true), ("", "", true), ("", "a", false), ("a", "a", true),
        ("a*", "abc", true), ("*c", "abc", true), ("a*c", "abc", true), ("a*c", "ac", true),
        ("a*b*c", "aXbYc", true),
        ("a*b*c", "aXcYb", false), ("?", "a", true), ("?", "", false), ("??", "a", false),
        ("[a-c]x", "bx", true),
        ("[a-c]x", "dx", false), ("[!a-c]x", "dx", true), ("[^a-c]x", "bx", false), ("[]]", "]", true),
        ("[!]]", "]", false), ("[!]]", "a", true), ("[a-]", "-", true), ("[", "[", true),
        ("[abc", "[abc", true),
        ("[!", "[!", true), (#"\*"#, "*", true), (#"\*"#, "a", false), (#"a\"#, #"a\"#, true),
        ("agno@*.service", "agno@1.service", true), ("*.service", "a.socket", false), ("**a**", "bab", true),
        ("a[0-9][0-9]", "a42", true), (#"system-getty\x2d*"#, "system-gettyx2d1", true), ("é*", "été", true),
        ("[*]", "*", true), ("[*]", "a", false), ("[z-a]", "m", false),
    ]

    @Test("globs cover whole texts", arguments: globs)
    func covers(_ example: (pattern: String, text: String, matches: Bool)) {
        #expect(Glob.matches(example.pattern, example.text) == example.matches)
    }

    @Test("a pattern of many stars over a long text ends at once")
    func manyStars() {
        let took = ContinuousClock().measure {
            #expect(
                !Glob.matches(String(repeating: "a*", count: 50) + "b", String(repeating: "a", count: 5000)))
        }
        #expect(took < .seconds(5))
    }

    private func identity(_ id: String, name: String = "", unit: String = "") -> ContainerIdentity {
        var identity = ContainerIdentity(id: id)
        identity.name = name
        identity.unit = unit
        return identity
    }

    @Test("a selection goes by name, unit and id; the first match wins; what nothing matches is out")
    func selects() {
        let web = identity("/system.slice/docker-abc.scope", name: "web-1", unit: "docker-abc.scope")
        let agent = identity("/system.slice/agno@1.service", unit: "agno@1.service")

        #expect(Selection.all.picks(web))
        #expect(Selection(["web-*"]).picks(web))
        #expect(!Selection(["web-*"]).picks(agent))
        #expect(Selection(["*.service"]).picks(agent))
        #expect(Selection(["/system.slice/agno@1.service"]).picks(agent))
        #expect(Selection(["/system.slice"]).picks(agent))
        #expect(Selection(["/system.slice/"]).picks(agent))
        #expect(!Selection(["/system.sl"]).picks(agent))
        #expect(!Selection([]).picks(web))
    }

    @Test("a unit is picked by its plain name and by the escaped one that systemctl shows")
    func escapedUnit() {
        let dash = identity(#"/system.slice/my\x2ddash.service"#, unit: "my-dash.service")
        let other = identity("/system.slice/myx2ddash.service", unit: "myx2ddash.service")

        #expect(Selection(["my-dash.service"]).picks(dash))
        #expect(Selection([#"my\x2ddash.service"#]).picks(dash))
        #expect(Selection([#"/system.slice/my\x2ddash.service"#]).picks(dash))
        #expect(!Selection([#"!my\x2ddash.service"#, "*"]).picks(dash))
        #expect(!Selection([#"dash\x2d.service"#]).picks(dash))
        #expect(!Selection([#"\x2ddash.service"#]).picks(dash))
        // As a glob, where a backslash makes the next byte plain, it still means what it always meant.
        #expect(Selection([#"my\x2ddash.service"#]).picks(other))
    }

    @Test("an exclamation mark excludes, and order decides")
    func excludes() {
        let web = identity("/a", name: "web-1")

        #expect(!Selection(["!web-*", "*"]).picks(web))
        #expect(Selection(["web-1", "!web-*", "*"]).picks(web))
        #expect(Selection(["!db-*", "*"]).picks(web))
        #expect(!Selection(["!web-1"]).picks(web))
        #expect(!Selection(["!/a", "*"]).picks(web))
    }

    @Test("for containers * picks containers alone; a unit, a slice and the root have to be meant")
    func containers() {
        let web = identity("/docker/abc", name: "web")
        let unit = identity("/system.slice/agno.service", unit: "agno.service")
        let slice = identity("/agents.slice", unit: "agents.slice")
        let bare = identity("/bare/inner")
        func picks(_ patterns: [String], _ identity: ContainerIdentity) -> Bool {
            Selection(patterns, scope: .containers).picks(identity)
        }

        #expect(picks(["*"], web) && picks(["web"], web) && picks(["/docker"], web) && picks(["*/*"], web))
        for pattern in ["*", "**", "?*", "*/*", "/*"] {
            for other in [unit, slice, bare, identity("/")] {
                #expect(!picks([pattern], other), "\(pattern) \(other.id)")
            }
        }
        #expect(picks(["agno*"], unit) && picks(["*.service"], unit) && picks(["/system.slice"], unit))
        #expect(
            picks(["agents.slice"], slice) && picks(["/agents.slice"], slice) && !picks(["*.service"], slice))
        #expect(picks(["/bare/inner"], bare) && !picks(["/bare"], bare))
        #expect(picks(["host"], identity("/")) && picks(["/"], identity("/")) && !picks(["/"], web))
        #expect(!picks(["!*", "agno*"], unit), "an exclusion is about everything")
    }

    @Test("for units names of units alone count, plain or escaped")
    func units() {
        let dash = identity(#"/system.slice/my\x2ddash.service"#, unit: "my-dash.service")
        func picks(_ pattern: String, _ identity: ContainerIdentity) -> Bool {
            Selection([pattern], scope: .units).picks(identity)
        }

        #expect(picks("my-dash.service", dash) && picks(#"my\\x2ddash.service"#, dash) && picks("my*", dash))
        #expect(!picks("/system.slice", dash) && !picks("web", identity("/docker/web", name: "web")))
        #expect(picks("-.slice", identity("/")) && !picks("*", identity("/")))
    }

    @Test("names that are written out are asked for one by one")
    func unanswered() {
        let there = [
            identity("/docker/a", name: "web"), identity("/system.slice/b.service", unit: "b.service"),
        ]
        func unanswered(_ patterns: [String]) -> [String] {
            Selection(patterns, scope: .containers).unanswered(by: there)
        }

        #expect(unanswered(["web", "b.service", "/docker/a"]) == [])
        #expect(unanswered(["web", "db", "cache*", "self", "host"]) == ["db", "host"])
        #expect(unanswered(["!db", "db", "!x*", "xy"]) == [])
        #expect(Selection(["web"]).isAnswered(by: there) && Selection(["!x", "web"]).isAnswered(by: there))
        #expect(!Selection(["web", "*"]).isAnswered(by: there) && !Selection(["db"]).isAnswered(by: there))
    }

    @Test("where systemd keeps a unit's cgroup")
    func places() {
        func paths(_ unit: String) -> [String] { SystemdName.usualPaths(of: unit).map(\.text) }

        #expect(paths("agents-web-1.slice") == ["/agents.slice/agents-web.slice/agents-web-1.slice"])
        #expect(paths("ssh.service").contains("/system.slice/ssh.service"))
        #expect(
            paths("systemd-fsck@dev.service").contains(
                #"/system.slice/system-systemd\x2dfsck.slice/systemd-fsck@dev.service"#))
        #expect(paths("init.scope").contains("/init.scope"))
        #expect(paths("web").isEmpty && paths("/a/b.service").isEmpty && paths(".slice") == ["/"])
        #expect(Glob.plain(#"my\\x2ddash"#) == #"my\x2ddash"# && Glob.plain(#"a\b"#) == "ab")
    }

    @Test("a slice is a unit where it is no part of a container")
    func slices() {
        let web = CgroupIdentity.slice(at: CgroupPath("/agents.slice/agents-web.slice"))
        let user = CgroupIdentity.slice(
            at: CgroupPath("/user.slice/user-1000.slice/user@1000.service/app.slice"))

        #expect(web?.unit == "agents-web.slice" && web?.runtime == "systemd" && web?.name == "")
        #expect(web?.id == "/agents.slice/agents-web.slice")
        #expect(user?.unit == "app.slice" && user?.uid == "1000")
        #expect(CgroupIdentity.slice(at: CgroupPath("/lxc/box/system.slice")) == nil)
        #expect(CgroupIdentity.slice(at: CgroupPath("/agents.slice/a.service")) == nil)
    }

    @Test("the root is not everything's prefix by accident, but by its own slash")
    func root() {
        #expect(Selection(["/"]).picks(identity("/")))
        #expect(Selection(["/"]).picks(identity("/system.slice")))
        #expect(!Selection(["?*"]).picks(identity("")))
    }
}
