// SPDX-License-Identifier: Apache-2.0

import Testing
import Vitals

@testable import Publishing

@Suite("Who may write over HTTP")
struct WriteTests {
    private static let target = "/api/v1/heartbeat/agent"
    private static let login = "Authorization: Bearer token\r\n"

    private func known(_ house: House) throws {
        var access = HTTPAccess()
        access.logins = Logins(isWanted: true)
        access.logins.tokens = [Secret("token")]
        try house.replace(access)
    }

    @Test("a beat over the Unix socket is handed on with the kernel's word on its sender, and counted")
    func beats() throws {
        let origin = PeerOrigin(unit: "agno@1.service", container: "")
        let peers = PeerInspection { _ in
            PeerInspection.Peer(
                credentials: PeerCredentials(pid: 71, uid: 998, gid: 998), origin: origin)
        }
        let house = try House(peers: peers)
        let client = try RawClient(path: try house.listenLocally())

        let answer = try client.get(Self.target, method: "POST")

        #expect(answer.status == 200)
        #expect(answer.header("content-type") == "application/json")
        #expect(answer.text == "{\"accepted\":1,\"rejected\":0}\n")
        let beats = house.heartbeats.beats
        #expect(beats.map(\.check) == ["agent"])
        #expect(
            beats.map(\.source) == [
                PushSource(door: .http, connection: nil, pid: 71, uid: 998, origin: origin)
            ])
        #expect(house.pushed("accepted") == 1)
        #expect(house.count("/api/v1/heartbeat/NAME", 200) == 1)
    }

    @Test("a name that no heartbeat check has gets 404, a body that is no object 400; both count as rejected")
    func rejected() throws {
        let house = try House()
        let client = try RawClient(path: try house.listenLocally())

        let unknown = try client.get("/api/v1/heartbeat/nobody", method: "POST")
        #expect(unknown.status == 404)
        #expect(unknown.text.contains("no heartbeat check named \"nobody\""))
        for (body, status) in [("{}", 200), ("{\"name\":\"x\"}", 200), ("[]", 400), ("{", 400)] {
            client.send(
                "POST \(Self.target) HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                    + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
            #expect(try client.answer().status == status, "\(body)")
        }
        #expect(house.pushed("accepted") == 2)
        #expect(house.pushed("rejected") == 3)
    }

    @Test("it takes POST and nothing else")
    func method() throws {
        let house = try House()
        let client = try RawClient(path: try house.listenLocally())

        for method in ["GET", "PUT", "DELETE", "PATCH"] {
            let answer = try client.get(Self.target, method: method)
            #expect(answer.status == 405)
            #expect(answer.header("allow") == "POST")
        }
        #expect(house.heartbeats.beats.isEmpty)
    }

    @Test(
        "over TCP nobody writes who is not known, by whatever name or address the server is asked",
        arguments: ["localhost", "127.0.0.1", "[::1]:9847"])
    func strangers(_ host: String) throws {
        let house = try House()
        let client = try house.client()
        client.send(
            "POST \(Self.target)?x HTTP/1.1\r\nHost: \(host)\r\n\r\nGET /livez HTTP/1.1\r\nHost: a\r\n\r\n")

        let answer = try client.answer()
        #expect(answer.status == 403)
        #expect(answer.text.hasPrefix("403: \(Self.target): writing over TCP needs a login"))
        #expect(answer.text.contains("http.sock") && answer.text.contains("http.auth"))
        #expect(try client.rest() == [])
        #expect(house.heartbeats.beats.isEmpty)
        #expect(house.dropped("http_request", "write") == 1)
    }

    @Test("over TCP whoever has a login writes")
    func login() throws {
        let house = try House()
        try known(house)

        #expect(try house.get(Self.target, method: "POST").status == 401)
        #expect(try house.get(Self.target, Self.login, method: "POST").status == 200)
        #expect(house.heartbeats.beats.map(\.source.uid) == [nil])
    }

    @Test(
        "a page of another site writes nothing, with whatever login its browser has",
        arguments: [
            "Origin: http://evil.example\r\n", "Origin: null\r\n", "Origin: http://localhost:3000\r\n",
            "Origin: http://localhost.evil.example\r\n",
            "Origin: http://localhost\r\nOrigin: http://evil\r\n",
            "Origin: \r\n", "Sec-Fetch-Site: cross-site\r\n", "Sec-Fetch-Site: same-site\r\n",
            "Sec-Fetch-Site: none\r\nSec-Fetch-Site: cross-site\r\n",
            "Origin: http://localhost\r\nSec-Fetch-Site: cross-site\r\n",
        ])
    func otherSites(_ headers: String) throws {
        let house = try House()
        try known(house)
        let local = try RawClient(path: try house.listenLocally())

        #expect(try house.get(Self.target, Self.login + headers, method: "POST").status == 403)
        #expect(try local.get(Self.target, headers, method: "POST").status == 403)
        #expect(house.heartbeats.beats.isEmpty)
        #expect(house.dropped("http_request", "cross_site") == 2)
        #expect(try house.get("/livez", Self.login + headers).status == 200, "reading is not concerned")
    }

    @Test(
        "the server's own page writes, with a login",
        arguments: [
            "Origin: http://localhost\r\n", "Origin: https://LOCALHOST\r\nSec-Fetch-Site: same-origin\r\n",
            "Sec-Fetch-Site: none\r\n",
        ])
    func ownPage(_ headers: String) throws {
        let house = try House()
        try known(house)

        #expect(try house.get(Self.target, Self.login + headers, method: "POST").status == 200)
    }

    @Test("a login is decided on before the body is asked for")
    func loginFirst() throws {
        let house = try House()
        try known(house)
        let body = "Content-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: 2\r\n"
        func head(_ login: String) -> String {
            "POST \(Self.target) HTTP/1.1\r\nHost: a\r\n\(login)\(body)\r\n"
        }

        let stranger = try house.client()
        stranger.send(head("") + "{}GET /livez HTTP/1.1\r\nHost: a\r\n\(Self.login)\r\n")
        #expect(try stranger.answer().status == 401)
        #expect(try stranger.rest() == [])
        let known = try house.client()
        known.send(head(Self.login))
        #expect(try known.answer(isHead: true).status == 100)
        known.send("{}")
        #expect(try known.answer().status == 200)
    }

    @Test("a password that takes its time is decided on before any of the body is read")
    func passwordFirst() throws {
        let house = try House()
        let lane = HandLane()
        var access = HTTPAccess()
        access.logins = Logins(isWanted: true)
        access.logins.users = ["ann": try BcryptHash(Door.hash)]
        try house.replace(access) { lane.add($0) }
        let client = try house.client()
        client.send(
            "POST \(Self.target) HTTP/1.1\r\nHost: a\r\nAuthorization: Basic \(Door.base64("ann:right"))\r\n"
                + "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}GET /livez HTTP/1.1\r\nHost: a\r\n\r\n"
        )
        #expect(house.reaches { lane.count == 1 })
        #expect(house.heartbeats.beats.isEmpty)
        lane.work()

        #expect(try client.answer().status == 200)
        #expect(try client.answer().status == 401, "what is behind the body is a request of its own")
        #expect(house.heartbeats.beats.count == 1)
    }
}
