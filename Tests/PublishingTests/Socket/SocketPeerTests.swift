// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore
import Synchronization
import Testing
import Vitals

@testable import Publishing

@Suite("peers of the socket")
struct SocketPeerTests {
    private static let ping = #"{"jsonrpc":"2.0","id":1,"method":"ping"}"#

    /// No end that a test waits for comes of a time that ran out.
    private static let patient = {
        var limits = SocketLimits()
        (limits.arrivalTime, limits.endTime) = (.hours(1), .hours(1))
        return limits
    }()

    private static func inspection(uid: UInt32) -> PeerInspection {
        PeerInspection { _ in PeerInspection.Peer(credentials: PeerCredentials(pid: 71, uid: uid, gid: uid)) }
    }

    @Test(
        "root and vitald's own user are administrators, others read and push",
        arguments: [(UInt32(0), true), (990, true), (991, false), (65_534, false)])
    func roles(uid: UInt32, administrator: Bool) throws {
        let scene = try SocketScene(
            access: .standard(ownUser: 990), inspection: Self.inspection(uid: uid))

        let reload = try scene.ask(#"{"jsonrpc":"2.0","id":1,"method":"reload"}"#)
        let beat = try scene.ask(PushHeartbeat.method.example)

        if administrator {
            #expect(reload.utf8.starts(with: #"{"jsonrpc":"2.0","id":1,"result":"#.utf8))
        } else {
            #expect(
                reload
                    == #"{"jsonrpc":"2.0","id":1,"error":{"code":-32001,"message":"reload needs the role admin; uid \#(uid) has read, push. Call it as root or as the user that vitald runs as.","data":{"kind":"denied","role":"admin"}}}"#
            )
            #expect(scene.notes.all == ["reload by uid \(uid), pid 71: denied"])
        }
        #expect(beat == #"{"jsonrpc":"2.0","id":1,"result":{"accepted":1,"rejected":0}}"#)
    }

    @Test("a reader alone cannot push, and who has no role is sent away")
    func narrowed() throws {
        let reader = try SocketScene(access: SocketAccess { _ in [.read] })
        let nobody = try SocketScene(access: SocketAccess { _ in [] })

        #expect(
            try JSONDocument(parsing: Array(reader.ask(PushHeartbeat.method.example).utf8)).root["error"]?[
                "code"]?.integer == -32001)
        let peer = try nobody.peer()
        #expect(try peer.value()["error"]?["code"]?.integer == -32001)
        #expect(try peer.lineOrEnd() == nil)
    }

    @Test("2,000 connections of one user: 256 and the administrators' reserve are held, the rest is told why")
    func manyConnections() throws {
        let scene = try SocketScene(inspection: Self.inspection(uid: 1000))
        // Below the usual limit of 1024 descriptors a process: refused ones are closed at once.
        var held: [RawPeer] = []
        var refused = 0

        for _ in 0..<2000 {
            let peer = try scene.peer()
            // Who is refused may be sent away before it has said anything.
            try? peer.send(Self.ping + "\n")
            let reply = try peer.value()
            if reply["result"] != nil {
                held.append(peer)
            } else {
                refused += 1
                #expect(reply["error"]?["data"]?["kind"]?.string == "too_many")
            }
        }

        #expect(held.count == 256)
        #expect(refused == 1744)
        #expect(
            scene.count(SocketFamilies.dropped, ["what": "connection", "reason": "too_many_of_user"]) == 1744)
        #expect(scene.count(SocketFamilies.connections, [:]) == 256)
        held.removeAll()
        #expect(eventually { scene.count(SocketFamilies.connections, [:]) == 0 })
        #expect(try scene.ask(Self.ping).utf8.starts(with: #"{"jsonrpc":"2.0","id":1,"result""#.utf8))
    }

    @Test("when all connections are taken the operator still gets in, on the reserve")
    func reserve() throws {
        let uid = Mutex<UInt32>(1000)
        var limits = SocketLimits()
        limits.connections = 12
        limits.connectionsPerUser = 3
        limits.reserved = 2
        let scene = try SocketScene(
            limits: limits,
            inspection: PeerInspection { _ in
                PeerInspection.Peer(credentials: PeerCredentials(pid: 1, uid: uid.withLock { $0 }, gid: 1))
            })
        var peers: [RawPeer] = []
        func admitted() throws -> Bool {
            let peer = try scene.peer()
            try? peer.send(Self.ping + "\n")
            guard try peer.value()["result"] != nil else { return false }
            peers.append(peer)
            return true
        }

        for user in [1000, 1000, 1000, 1001, 1001, 1001, 1002, 1002, 1002, 1003] as [UInt32] {
            uid.withLock { $0 = user }
            #expect(try admitted())
        }
        #expect(try !admitted(), "ten of twelve, two are kept free")
        uid.withLock { $0 = 0 }
        #expect(try admitted())
        #expect(try admitted())
        #expect(try !admitted(), "the reserve has an end too")
    }

    @Test("an administrator beyond its share lives on the reserve and gives it back")
    func ledger() throws {
        var limits = SocketLimits()
        limits.connectionsPerUser = 2
        limits.reserved = 1
        var ledger = ConnectionLedger(limits: limits)
        let now = Instant(nanoseconds: 0)

        for _ in 0..<3 { try ledger.open(user: 0, administrator: true, at: now) }
        #expect(throws: ConnectionLedger.Refusal.user(2)) {
            try ledger.open(user: 0, administrator: true, at: now)
        }
        ledger.close(user: 0)
        try ledger.open(user: 0, administrator: true, at: now)
        #expect(ledger.total == 3)
        for _ in 0..<5 { ledger.close(user: 0) }
        #expect(ledger.total == 0)
    }

    @Test(
        "a user that opens connections too fast is refused before anything is made of them; an administrator is not"
    )
    func openingRate() throws {
        var ledger = ConnectionLedger(
            ConnectionShares(connections: 100, perUser: 50, reserved: 8, opensPerSecond: 10))
        func opened(_ count: Int, _ user: UInt32, at seconds: Double) -> Int {
            (0..<count).count { _ in
                let now = Instant(nanoseconds: Int64(seconds * 1e9))
                guard (try? ledger.open(user: user, administrator: user == 0, at: now)) != nil else {
                    return false
                }
                ledger.close(user: user)
                return true
            }
        }

        #expect(opened(100, 1000, at: 50) == 10)
        #expect(opened(100, 1001, at: 50) == 10, "the others are not concerned")
        #expect(opened(100, 0, at: 50) == 100)
        #expect(opened(100, 1000, at: 50.35) == 3)
        #expect(opened(100, 1000, at: 60) == 10)
        #expect(throws: ConnectionLedger.Refusal.rate) {
            try ledger.open(user: 1000, administrator: false, at: Instant(nanoseconds: 60_000_000_000))
        }
        #expect(ledger.total == 0)
    }

    @Test("who is refused reads why, whatever it has sent meanwhile")
    func refusedTalker() throws {
        var limits = SocketLimits()
        (limits.connectionsPerUser, limits.reserved) = (1, 0)
        let scene = try SocketScene(limits: limits, inspection: Self.inspection(uid: 1000))
        let first = try scene.peer()
        try first.send(Self.ping + "\n")
        _ = try first.line()

        let talker = try scene.peer()
        for _ in 0..<100 { try talker.send(Self.ping + "\n") }

        #expect(try talker.value()["error"]?["data"]?["kind"]?.string == "too_many")
        #expect(try talker.lineOrEnd() == nil)
    }

    @Test("pushes beyond the rate are refused with the time to wait, per user, and flow again after it")
    func rate() throws {
        var limits = SocketLimits()
        limits.pushesPerSecond = 2
        let scene = try SocketScene(limits: limits)
        let peer = try scene.peer()
        func push() throws -> JSONValue {
            try peer.send(PushHeartbeat.method.example + "\n")
            return try peer.value()
        }

        #expect(try push()["result"] != nil)
        #expect(try push()["result"] != nil)
        let refused = try push()["error"]
        #expect(refused?["code"]?.integer == -32002)
        #expect(refused?["data"]?["retry_after_ms"]?.integer == 500)
        scene.clock.advance(by: .milliseconds(500))
        #expect(try push()["result"] != nil)
        #expect(try push()["error"] != nil)
    }

    @Test("a peer that ends its half gets every answer first, late ones too")
    func halfClosed() throws {
        let scene = try SocketScene()
        let peer = try scene.peer()

        try peer.send(#"{"jsonrpc":"2.0","id":1,"method":"container"}"# + "\n" + Self.ping)
        peer.endSending()

        var answers = 0
        while try peer.lineOrEnd() != nil { answers += 1 }
        #expect(answers == 2)
    }

    @Test("closing the server ends every connection after its answers")
    func closing() throws {
        let scene = try SocketScene()
        let peer = try scene.peer()
        try peer.send(Self.ping + "\n")
        _ = try peer.line()

        try scene.server.close().wait()

        #expect(try peer.lineOrEnd() == nil)
        #expect(throws: IOFailure.self) { try scene.peer() }
    }

    @Test("whoever has just come is answered while the server closes, and let go when silent")
    func closingOnArrivals() throws {
        let scene = try SocketScene()
        let fresh = try scene.peer()
        let silent = try scene.peer()
        while try scene.server.connections().wait() < 2 {}

        let closed = scene.server.close()
        try fresh.send(Self.ping + "\n")

        #expect(try fresh.line().contains("result"))
        #expect(try fresh.lineOrEnd() == nil)
        #expect(try silent.lineOrEnd() == nil)
        try closed.wait()
    }

    @Test(
        "what a kept connection has sent when the server closes is answered; half a line is no fault, and its rest counts"
    )
    func closingOnKeptConnections() throws {
        let scene = try SocketScene()
        let (kept, halved, abandoned) = (try scene.peer(), try scene.peer(), try scene.peer())
        for peer in [kept, halved, abandoned] {
            try peer.send(Self.ping + "\n")
            _ = try peer.line()
        }
        let half = Self.ping.prefix(20)
        for peer in [halved, abandoned] { try peer.send(String(half)) }
        // Answered means that what came before it was read.
        let other = try scene.peer()
        try other.send(Self.ping + "\n")
        _ = try other.line()

        let closed = try scene.closeBehind {
            try kept.send(Self.ping + "\n")
            try halved.send(Self.ping.dropFirst(20) + "\n")
        }

        #expect(try kept.line().contains("result"))
        #expect(try kept.lineOrEnd() == nil)
        #expect(try halved.line().contains("result"))
        #expect(try halved.lineOrEnd() == nil)
        #expect(try abandoned.lineOrEnd() == nil, "no answer to what was not asked")
        try closed.wait()
    }

    @Test(
        "of a peer that goes on sending while the server closes every line that the kernel took is answered")
    func closingOnSenders() throws {
        var limits = Self.patient
        // It has spoken, and leaves no half line but what the kernel does not take.
        limits.arrivalTime = .milliseconds(50)
        let scene = try SocketScene(limits: limits)
        let peer = try scene.peer()
        try peer.send(Self.ping + "\n")
        _ = try peer.line()
        // More than the answers that are held for a peer, so that some of it is not even read yet.
        let line = Array(#"{"jsonrpc":"2.0","id":1,"method":"describe"}\#n"#.utf8)
        var sent = 0

        let closed = scene.closeBehind { while peer.offers(line) { sent += 1 } }
        while (try? peer.send(line)) != nil { sent += 1 }

        var answered = 0
        while try peer.lineOrEnd() != nil { answered += 1 }
        #expect(sent > 100 && answered == sent, "\(answered) of \(sent)")
        try closed.wait()
    }

    @Test("who subscribes while the server closes does not hold it up")
    func closingOnSubscribers() throws {
        let scene = try SocketScene(limits: Self.patient)
        let fresh = try scene.peer()
        while try scene.server.connections().wait() < 1 {}

        let closed = scene.server.close()
        try scene.group.any().submit {}.wait()
        try fresh.send(#"{"jsonrpc":"2.0","id":1,"method":"subscribe"}\#n"#)

        #expect(try fresh.line().contains("result"))
        while try fresh.lineOrEnd() != nil {}
        try closed.wait()
    }

    @Test("a pid is resolved only for a process that the kernel still knows")
    func resolving() throws {
        struct Resolver: PeerResolving {
            func origin(ofProcess pid: Int32) -> PeerOrigin? {
                PeerOrigin(unit: "u\(pid).service", container: "")
            }
        }
        let scene = try SocketScene(inspection: PeerInspection(resolver: Resolver()))

        let reply = try JSONDocument(parsing: Array(scene.ask(Hello.method.example).utf8)).root

        #expect(reply["result"]?["peer"]?["unit"]?.string == "u\(getpid()).service")
    }
}
