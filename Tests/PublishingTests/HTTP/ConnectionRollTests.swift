// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Publishing
import Testing
import Vitals

@Suite("Whose connection gives way")
struct ConnectionRollTests {
    private static let login = "Authorization: Bearer token\r\n"

    /// A house with room for 8 connections, of them 6 of this machine, where one token is known.
    private func house(_ change: (inout HTTPLimits) -> Void = { _ in }) throws -> House {
        let house = try House(limits: change)
        var access = HTTPAccess()
        access.limits.connections = 8
        access.logins = Logins(isWanted: true)
        access.logins.tokens = [Secret("token")]
        try house.replace(access)
        return house
    }

    private func dropped(_ house: House, _ reason: String) -> Int64 {
        house.tallies.tally(
            MetricFamily("vitald_dropped_total", .counter, "Help."),
            [("what", "http_connection"), ("reason", reason)]
        ).value
    }

    @Test(
        "a scrape with its login is answered while strangers hold all connections, and the oldest of them goes"
    )
    func strangers() throws {
        let house = try house()
        let strangers = try (1...6).map { number in
            let client = try house.client()
            if number > 3 { client.send("GET / HTTP/1.1\r\nHost: ") }
            #expect(house.reaches { house.server.connections == number })
            return client
        }

        let scraper = try house.client()
        #expect(try scraper.get("/metrics", Self.login).status == 200)

        #expect(try strangers[0].rest() == [])
        #expect(dropped(house, "evicted") == 1)
        #expect(house.server.connections == 6)
        #expect(try strangers[1].get("/", Self.login).status == 200)
    }

    @Test("whoever was let in keeps the connection, and one machine does not get all of them")
    func known() throws {
        let house = try house()
        let known = try (0..<6).map { _ in try house.client() }
        for client in known { #expect(try client.get("/livez", Self.login).status == 200) }

        #expect(try house.client().answer().status == 503)

        for client in known { #expect(try client.get("/livez", Self.login).status == 200) }
        #expect(dropped(house, "evicted") == 0)
        #expect(dropped(house, "peer_limit") == 1)
    }

    @Test("a stranger who was refused goes before one who has not asked yet")
    func refused() throws {
        let house = try house { $0.lingerTime = .hours(1) }
        let strangers = try (0..<6).map { _ in try house.client() }
        #expect(house.reaches { house.server.connections == 6 })
        #expect(try strangers[5].get("/").status == 401)

        #expect(try house.get("/livez", Self.login).status == 200)

        #expect(try strangers[5].rest() == [])
        for client in strangers[..<5] { #expect(try client.get("/livez", Self.login).status == 200) }
    }

    @Test("strangers are not waited for as long as those who were let in")
    func idle() throws {
        let house = try house { $0.strangerTime = .milliseconds(50) }
        let (stranger, known) = (try house.client(), try house.client())
        #expect(try known.get("/livez", Self.login).status == 200)

        #expect(try stranger.rest() == [])
        #expect(try known.get("/livez", Self.login).status == 200)
    }

    @Test("where nobody is known, whoever lies idle longest gives way")
    func anybody() throws {
        let house = try House { $0.connections = 3 }
        let idle = try (0..<3).map { _ in try house.client() }
        for client in idle { #expect(try client.get("/livez").status == 200) }

        let new = try house.client()
        #expect(try new.get("/livez").status == 200)

        #expect(try idle[0].rest() == [])
        #expect(try idle[1].get("/livez").status == 200)
        #expect(house.server.connections == 3)
    }

    @Test("whoever was let in while nobody was known is a stranger when logins come to be wanted")
    func newLogins() throws {
        let house = try House()
        var access = HTTPAccess()
        access.limits.connections = 4
        try house.replace(access)
        let before = try (0..<3).map { _ in try house.client() }
        for client in before { #expect(try client.get("/livez").status == 200) }

        access.logins = Logins(isWanted: true)
        access.logins.tokens = [Secret("token")]
        try house.replace(access)

        #expect(try house.get("/livez", Self.login).status == 200)
        #expect(try before[0].rest() == [])
    }
}
