// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOEmbedded
import NIOHTTP1
import TestSupport
import Testing
import Vitals

@testable import Publishing

@Suite("Who is let in over TCP")
struct DoorkeeperTests {
    @Test("without a login the answer says which ones are taken")
    func challenges() throws {
        let door = try Door { $0.logins.tokens = [Secret("token")] }

        let answer = try door.ask([])

        #expect(answer.status == 401)
        #expect(
            answer.headers.map(\.value) == [
                #"Basic realm="vitald", charset="UTF-8""#, #"Bearer realm="vitald""#,
            ])
        #expect(door.dropped("no_credentials") == 1)
        #expect(door.dropped("credentials") == 0)
    }

    @Test("a right password is compared once, and again when the hash changes")
    func caches() throws {
        let door = try Door()
        let first = try door.login("ann", "right")
        #expect(first.status == nil)
        #expect(door.work() == 1)
        #expect(first.status == 200)

        #expect(try door.login("ann", "right").status == 200)
        try door.replace { $0.limits.burst = 5 }
        #expect(try door.login("ann", "right").status == 200, "a reload forgets nothing")
        #expect(door.work() == 0)

        try door.replace {
            $0.logins.users["ann"] = try BcryptHash(
                "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW")
        }
        let changed = try door.login("ann", "right")
        #expect(changed.status == nil)
        door.work()
        #expect(changed.status == 401)
    }

    @Test("a wrong password is compared once, and a name that nobody has as well")
    func remembersWrong() throws {
        let door = try Door()
        for (user, password) in [("ann", "wrong"), ("nobody", "right"), ("", "")] {
            let answer = try door.login(user, password)
            #expect(answer.status == nil)
            #expect(door.work() == 1, "\(user): as much work as for a user")
            #expect(answer.status == 401)
            #expect(try door.login(user, password).status == 401)
            #expect(door.work() == 0)
        }
        #expect(door.dropped("credentials") == 6)
    }

    @Test(
        "what is right for one user is not for another, whatever their names and passwords look like together"
    )
    func noPoison() throws {
        let door = try Door()
        let right = try door.login("ann", "right")
        door.work()
        #expect(right.status == 200)

        for (user, password) in [("an", "nright"), ("annright", ""), ("nobody", "right"), ("ann", "right ")] {
            let answer = try door.login(user, password)
            door.work()
            #expect(answer.status == 401, "\(user)")
        }
        // A name without a user was wrong once; when it becomes one, its password is looked at anew.
        try door.replace { $0.logins.users["nobody"] = try BcryptHash(Door.hash) }
        let new = try door.login("nobody", "right")
        door.work()
        #expect(new.status == 200)
    }

    @Test("a bearer token is taken beside passwords, whole and exactly")
    func tokens() throws {
        let door = try Door { $0.logins.tokens = [Secret("old-token"), Secret("new-token")] }
        func ask(_ field: String) throws -> UInt? { try door.ask([("Authorization", field)]).status }

        #expect(try ask("Bearer old-token") == 200)
        #expect(try ask("bearer new-token") == 200)
        for field in [
            "Bearer old-toke", "Bearer old-token ", "Bearer ", "Bearer OLD-TOKEN", "Token old-token",
        ] {
            #expect(try ask(field) == 401, "\(field)")
        }
        #expect(door.work() == 0)
    }

    @Test("a list of logins with nobody on it lets nobody in")
    func failsClosed() throws {
        let door = try Door { $0.logins = Logins(isWanted: true) }

        #expect(try door.ask([]).status == 401)
        #expect(try door.login("ann", "right").status == 401)
        #expect(try door.ask([("Authorization", "Bearer ")]).status == 401)
    }

    @Test(
        "one comparison at a time, two of a machine and sixteen in all wait, and logins that are known do not"
    )
    func queues() throws {
        let door = try Door { $0.logins.tokens = [Secret("token")] }
        let known = try door.login("ann", "right")
        door.work()
        #expect(known.status == 200)

        var waiting: [Door.Answer] = []
        for machine in 1...8 {
            for guess in 1...2 {
                waiting.append(try door.login("ann", "guess \(machine) \(guess)", from: "192.0.2.\(machine)"))
            }
        }
        #expect(waiting.allSatisfy { $0.status == nil })
        let beyond = try door.login("ann", "another", from: "192.0.2.1")
        #expect(beyond.status == 503)
        #expect(beyond.headers.first { $0.name == "Retry-After" }?.value == "1")
        #expect(try door.login("ann", "another", from: "192.0.2.99").status == 503)
        #expect(door.dropped("login_queue") == 2)

        // All of them still wait.
        #expect(door.lane.count == 1)
        #expect(try door.login("ann", "right", from: "192.0.2.1").status == 200)
        #expect(try door.ask([("Authorization", "Bearer token")], from: "192.0.2.1").status == 200)
        #expect(waiting.allSatisfy { $0.status == nil })

        for _ in waiting { #expect(door.work() == 1) }
        #expect(waiting.allSatisfy { $0.status == 401 })
        #expect(door.work() == 0)
    }

    @Test("the same login of several connections is compared once")
    func shares() throws {
        let door = try Door()
        let answers = try (0..<5).map { _ in try door.login("ann", "right") }

        #expect(door.work() == 1)
        #expect(answers.map(\.status) == Array(repeating: 200, count: 5))
    }

    @Test("what nobody waits for any more is not compared, and gives its place to others")
    func givesUp() throws {
        let door = try Door()
        var answers: [Door.Answer] = []
        for machine in 1...8 {
            for guess in ["one", "two"] {
                answers.append(try door.login("ann", "\(guess) \(machine)", from: "192.0.2.\(machine)"))
            }
        }
        let shared = try door.login("ann", "two 8", from: "192.0.2.9")
        #expect(try door.login("ann", "right", from: "192.0.2.9").status == 503)

        for answer in answers { answer.giveUp() }
        let right = try door.login("ann", "right", from: "192.0.2.9")

        #expect(right.status == nil)
        #expect(
            (1...3).map { _ in door.work() } == [1, 1, 1], "the one that is being made, two that are wanted")
        #expect(door.work() == 0)
        #expect(shared.status == 401)
        #expect(right.status == 200)
    }

    @Test("a machine that is wrong ten times is put off, others and what is known to be right are not")
    func guesses() throws {
        let door = try Door { $0.logins.tokens = [Secret("token")] }
        let known = try door.login("ann", "right")
        door.work()
        #expect(known.status == 200)

        for guess in 0..<10 {
            let answer = try door.login("ann", "guess \(guess)")
            door.work()
            #expect(answer.status == 401)
        }
        let spare = try door.login("ann", "guess 10")
        #expect(door.work() == 1, "a name is tried still, once in a while")
        #expect(spare.status == 401)
        let late = try door.login("ann", "guess 11")
        #expect(late.status == 429)
        #expect(late.headers.first { $0.name == "Retry-After" }?.value == "5")
        #expect(door.work() == 0, "nothing is compared any more")
        #expect(try door.ask([("Authorization", "Bearer wrong")]).status == 429)
        #expect(door.dropped("guesses") == 2)

        #expect(try door.login("ann", "right").status == 200)
        #expect(try door.ask([("Authorization", "Bearer token")]).status == 200)
        #expect(try door.ask([]).status == 401, "no guess at all")
        #expect(try door.ask([("Authorization", "Bearer wrong")], from: "192.0.2.2").status == 401)
        try door.replace {
            $0.limits.burst = 5
            $0.logins.tokens = [Secret("token")]
        }
        #expect(try door.ask([("Authorization", "Bearer wrong")]).status == 429, "a reload forgives nothing")

        door.clock.advance(by: .seconds(5))
        #expect(try door.ask([("Authorization", "Bearer wrong")]).status == 401)
        #expect(try door.ask([("Authorization", "Bearer wrong")]).status == 429)
    }

    @Test("what cannot be right is no guess: it uses up nothing of those behind the same address")
    func noGuesses() throws {
        let door = try Door()
        let fields = ["Negotiate YII", "Digest username=ann", "Basic ?", "Basic", "Bearer x", "NTLM TlRM"]
        for _ in 0..<20 {
            for field in fields { #expect(try door.ask([("Authorization", field)]).status == 401) }
            #expect(try door.login("ann", String(repeating: "x", count: 600)).status == 401)
        }
        let wrong = try door.login("ann", "old")
        door.work()
        #expect(wrong.status == 401)
        for _ in 0..<20 { #expect(try door.login("ann", "old").status == 401, "the same again is none") }

        #expect(door.dropped("guesses") == 0)
        #expect(door.dropped("credentials") == 161)
        let right = try door.login("ann", "right")
        door.work()
        #expect(right.status == 200)
    }

    @Test("somebody who guesses behind the same address does not lock out who knows the password")
    func sharedAddress() throws {
        let door = try Door { $0.logins.tokens = [Secret("token")] }
        while try door.ask([("Authorization", "Bearer wrong")]).status == 401 {}

        let right = try door.login("ann", "right")
        #expect(door.work() == 1)
        #expect(right.status == 200)
        // Any name is tried as a user's is, and all of them together a few times.
        var tried = 0
        for number in 0..<200 {
            _ = try door.login("name \(number)", "x")
            tried += door.work()
        }
        #expect(tried == GuessLimits.places - 1, "one place is ann's")
    }

    @Test("this machine, where a proxy may stand for many, may be wrong more often")
    func ownGuesses() throws {
        let door = try Door { $0.logins.tokens = [Secret("token")] }
        func wrong(_ count: Int) throws -> Int {
            try (0..<count).count { number in
                let from = number % 2 == 0 ? "127.0.0.1" : "::1"
                return try door.ask([("Authorization", "Bearer wrong")], from: from).status == 401
            }
        }

        #expect(try wrong(200) == 100)
        door.clock.advance(by: .seconds(5))
        #expect(try wrong(200) == 10)
    }

    @Test("guesses out of a whole site lock nobody out who has logged in from it, and nobody elsewhere")
    func sites() throws {
        let door = try Door { $0.logins.tokens = [Secret("token")] }
        #expect(try door.ask([("Authorization", "Bearer token")], from: "2001:db8:1:ffff::1").status == 200)
        var statuses: Set<UInt?> = []
        for number in 0..<5000 {
            let from = "2001:db8:1:\(String(number, radix: 16))::1"
            statuses.insert(try door.ask([("Authorization", "Bearer wrong")], from: from).status)
        }
        #expect(statuses == [401, 429])

        for from in ["2001:db8:1:ffff::1", "2001:db8:2::1", "192.0.2.1"] {
            let right = try door.login("ann", "right " + from, from: from)
            #expect(door.work() == 1, "\(from) has its password compared")
            #expect(right.status == 401)
        }
    }

    @Test("whoever comes with a certificate that is wanted is no stranger either, and without one stays it")
    func certificates() throws {
        let made = try Certificates()
        try made.sign("server", for: "DNS:localhost")
        for (isWanted, status) in [(true, 200), (false, 429)] as [(Bool, UInt)] {
            let door = try Door { $0.logins = Logins(isWanted: false) }
            let tls = try made.identity(authority: isWanted)
            let friend = "2001:db8:1:ffff::1"
            #expect(try door.ask([], from: friend, with: tls).status == 200)
            var strangers: Set<UInt?> = []
            for number in 0..<5000 {
                strangers.insert(try door.ask([], from: "2001:db8:1:\(String(number, radix: 16))::1").status)
            }
            #expect(strangers == [200, 429])

            let again = try door.ask([], from: friend, with: tls)
            #expect(again.status == status, "a certificate is wanted: \(isWanted)")
        }
    }

    @Test("one other machine may ask so much and no more, this machine any number")
    func rates() throws {
        let door = try Door {
            $0.logins = Logins(isWanted: false)
            $0.limits.requestsPerSecond = 10
            $0.limits.burst = 20
        }
        func granted(_ count: Int, from: String) throws -> Int {
            try (0..<count).count { _ in try door.ask([], from: from).status == 200 }
        }

        #expect(try granted(30, from: "192.0.2.1") == 20)
        #expect(try granted(30, from: "192.0.2.2") == 20)
        #expect(try granted(1000, from: "127.0.0.1") == 1000)
        #expect(try granted(1000, from: "::1") == 1000)
        let refused = try door.ask([], from: "192.0.2.1")
        #expect(refused.status == 429)
        #expect(refused.headers.first { $0.name == "Retry-After" }?.value == "1")
        #expect(door.dropped("rate") == 21)
        door.clock.advance(by: .milliseconds(500))
        #expect(try granted(30, from: "192.0.2.1") == 5)
    }

    @Test("whoever is refused loses the connection: it is the price of being refused")
    func closes() throws {
        let door = try Door {
            $0.hosts = HostList(["x"])
            $0.limits.burst = 2
        }

        #expect(try door.ask([]).closes)
        let wrong = try door.login("ann", "wrong")
        door.work()
        #expect(wrong.status == 401)
        #expect(wrong.closes)
        let beyond = try door.ask([])
        #expect(beyond.status == 429)
        #expect(beyond.closes)
        let right = try door.login("ann", "right", from: "127.0.0.1")
        door.work()
        #expect(right.status == 200)
        #expect(!right.closes)
    }

    @Test("a wrong Host is refused before anything else is looked at")
    func hosts() throws {
        let door = try Door { $0.hosts = HostList(["localhost"]) }

        let answer = try door.login("ann", "right")

        #expect(answer.status == 403)
        #expect(door.work() == 0)
        #expect(door.dropped("host") == 1)
    }

    @Test("a target that names a host is held to the list as well")
    func authorities() throws {
        let door = try Door { $0.hosts = HostList(["x", "db1"]) }
        func ask(_ target: String) throws -> UInt? { try door.ask([], for: target).status }

        for target in ["/", "http://db1/", "HTTPS://x:9847/?a", "http://127.0.0.1", "/http://evil.example/"] {
            #expect(try ask(target) == 401, "\(target)")
        }
        for target in [
            "http://evil.example/", "https://evil.example?x", "http://db1@evil.example/", "http:///",
            "http://db1:x/",
        ] {
            #expect(try ask(target) == 403, "\(target)")
        }
    }
}
