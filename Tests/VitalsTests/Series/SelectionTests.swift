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

    @Test("the root is not everything's prefix by accident, but by its own slash")
    func root() {
        #expect(Selection(["/"]).picks(identity("/")))
        #expect(Selection(["/"]).picks(identity("/system.slice")))
        #expect(!Selection(["?*"]).picks(identity("")))
    }
}
