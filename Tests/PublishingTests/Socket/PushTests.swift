// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Testing
import Vitals

@testable import Publishing

/// `push.…` on the socket, in the lines that people write with socat.
@Suite("pushes on the socket")
struct PushTests {
    private static func line(_ method: String, _ parameters: String, id: Bool = true) -> String {
        #"{"jsonrpc":"2.0",\#(id ? #""id":1,"# : "")"method":"\#(method)","params":\#(parameters)}"#
    }

    private static func counted(_ scene: SocketScene, _ kind: String, _ result: String) -> Int64 {
        scene.count(PushTallies.family, ["door": "socket", "kind": kind, "result": result])
    }

    @Test("push.check hands over outcome, message, reason and latency, with the kernel's word on the sender")
    func check() throws {
        let scene = try SocketScene()

        let answer = try scene.ask(
            Self.line(
                "push.check",
                #"{"name":"agent_responsive","outcome":"warn","message":"took 3 h","reason":"backup.slow","latencySeconds":1.5,"later":1}"#
            ))

        #expect(answer == #"{"jsonrpc":"2.0","id":1,"result":{"accepted":1,"rejected":0}}"#)
        let taken = try #require(scene.sink.items.withLock { $0.first })
        #expect(
            taken.item
                == .check(
                    CheckPush(
                        name: "agent_responsive", outcome: .warn, message: "took 3 h", reason: "backup.slow",
                        latency: .milliseconds(1500))))
        #expect(taken.source.door == .socket && taken.source.connection != nil && taken.source.uid != nil)
        #expect(Self.counted(scene, "check", "accepted") == 1)
    }

    @Test(
        "a push.check that is wrong is refused with the parameter and what to give",
        arguments: [
            (#"{"outcome":"pass"}"#, "params.name: is missing; a string is needed"),
            (#"{"name":"agent_responsive"}"#, "params.outcome: is missing; a string is needed"),
            (
                #"{"name":"agent_responsive","outcome":"ok"}"#,
                #"params.outcome: "ok" is none of pass, warn, fail, unknown"#
            ),
            (
                #"{"name":"agent_responsive","outcome":"fail","reason":"Disk full"}"#,
                #"params.reason: "Disk full" is not a code; give up to 64 of a-z, 0-9, _ and ."#
            ),
            (
                #"{"name":"agent_responsive","outcome":"fail","latencySeconds":-1}"#,
                "params.latencySeconds: is out of range; give 0 to 31622400 seconds"
            ),
            (
                #"{"name":"agent_responsive","outcome":"fail","message":["x"]}"#,
                "params.message: is a list; a string is needed"
            ),
        ])
    func wrong(parameters: String, sentence: String) throws {
        let scene = try SocketScene()

        let reply = try JSONDocument(parsing: Array(scene.ask(Self.line("push.check", parameters)).utf8)).root

        #expect(reply["error"]?["code"]?.integer == -32602)
        #expect(reply["error"]?["message"]?.string == sentence)
        #expect(scene.sink.items.withLock { $0.isEmpty } && Self.counted(scene, "check", "rejected") == 1)
    }

    @Test("a message is a sentence: a password in it is hidden, and what is too long is cut where it shows")
    func message() throws {
        let scene = try SocketScene()
        let long = String(repeating: "ä", count: 600)

        for text in [#"see postgresql://u:CANARY@h/d"#, long] {
            _ = try scene.ask(
                Self.line(
                    "push.check", #"{"name":"agent_responsive","outcome":"fail","message":"\#(text)"}"#))
        }

        let messages = scene.sink.items.withLock { items in
            items.map { if case .check(let push) = $0.item { push.message } else { "" } }
        }
        #expect(messages.count == 2 && messages[0].firstRange(of: "CANARY") == nil)
        #expect(messages[0].hasPrefix("see postgresql://"))
        #expect(messages[1] == String(repeating: "ä", count: 512) + "…")
    }

    @Test("a batch takes each item on its own, and says which ones it did not and why")
    func batch() throws {
        let scene = try SocketScene()
        let items = [
            #"{"kind":"heartbeat","name":"agent_responsive"}"#,
            #"{"kind":"heartbeat","name":"ghost"}"#,
            #"{"kind":"check","name":"agent_responsive","outcome":"pass"}"#,
            #"{"kind":"check","name":"agent_responsive","outcome":"great"}"#,
            #"{"kind":"batch","items":[]}"#, "7", #"{"name":"agent_responsive"}"#,
        ]

        let answer = try scene.ask(
            Self.line("push.batch", #"{"items":[\#(items.joined(separator: ","))]}"#))

        #expect(
            answer
                == #"{"jsonrpc":"2.0","id":1,"result":{"accepted":2,"rejected":5,"errors":[{"index":1,"code":-32020,"kind":"not_found"},{"index":3,"code":-32602,"kind":"invalid_parameter"},{"index":4,"code":-32602,"kind":"invalid_parameter"},{"index":5,"code":-32602,"kind":"invalid_parameter"},{"index":6,"code":-32602,"kind":"invalid_parameter"}]}}"#
        )
        #expect(scene.sink.items.withLock { $0.map(\.item.kind) } == [.heartbeat, .check])
        #expect(Self.counted(scene, "heartbeat", "accepted") == 1)
        #expect(Self.counted(scene, "heartbeat", "rejected") == 1)
        #expect(Self.counted(scene, "check", "accepted") == 1)
        #expect(Self.counted(scene, "check", "rejected") == 1)
        #expect(Self.counted(scene, "unknown", "rejected") == 3)
        #expect(
            try scene.ask(Self.line("push.batch", #"{"items":[]}"#)).hasSuffix(
                #""result":{"accepted":0,"rejected":0}}"#))
    }

    @Test("512 items are a batch, and 513 are refused as a whole; of many errors sixteen are listed")
    func size() throws {
        let scene = try SocketScene()
        func items(_ count: Int, _ name: String) -> String {
            let item = #"{"kind":"heartbeat","name":"\#(name)"}"#
            return #"{"items":[\#(Array(repeating: item, count: count).joined(separator: ","))]}"#
        }

        #expect(
            try scene.ask(Self.line("push.batch", items(512, "agent_responsive")))
                == #"{"jsonrpc":"2.0","id":1,"result":{"accepted":512,"rejected":0}}"#)
        let bad = try JSONDocument(
            parsing: Array(scene.ask(Self.line("push.batch", items(512, "ghost"))).utf8)
        ).root["result"]
        let tooMany = try JSONDocument(
            parsing: Array(scene.ask(Self.line("push.batch", items(513, "agent_responsive"))).utf8)
        ).root["error"]

        #expect(bad?["rejected"]?.integer == 512 && bad?["errors"]?.count == 16)
        #expect(tooMany?["code"]?.integer == -32602)
        #expect(
            tooMany?["message"]?.string
                == "params.items: 513 items are more than 512; send them in several batches")
        #expect(scene.sink.items.withLock { $0.count } == 512)
        #expect(Self.counted(scene, "batch", "rejected") == 1)
    }

    @Test("a batch costs its sender what it holds")
    func rate() throws {
        var limits = SocketLimits()
        limits.pushesPerSecond = 4
        let scene = try SocketScene(limits: limits)
        let peer = try scene.peer()
        let item = #"{"kind":"heartbeat","name":"agent_responsive"}"#
        func push(_ count: Int) throws -> JSONValue {
            let items = Array(repeating: item, count: count).joined(separator: ",")
            try peer.send(Self.line("push.batch", #"{"items":[\#(items)]}"#) + "\n")
            return try peer.value()
        }

        #expect(try push(3)["result"]?["accepted"]?.integer == 3)
        let refused = try push(3)["error"]

        #expect(refused?["code"]?.integer == -32002 && refused?["data"]?["retry_after_ms"]?.integer == 500)
        #expect(try push(1)["result"]?["accepted"]?.integer == 1)
        scene.clock.advance(by: .milliseconds(750))
        #expect(try push(3)["result"]?["accepted"]?.integer == 3)
    }

    @Test("as a notification a push has no answer; what of it is refused is counted by its reason")
    func notifications() throws {
        let scene = try SocketScene()
        let peer = try scene.peer()

        let batch =
            #"{"items":[{"kind":"heartbeat","name":"agent_responsive"},{"kind":"check","name":"ghost","outcome":"pass"}]}"#
        try peer.send(
            Self.line("push.check", #"{"name":"agent_responsive","outcome":"pass"}"#, id: false) + "\n")
        try peer.send(Self.line("push.check", #"{"name":"agent_responsive"}"#, id: false) + "\n")
        try peer.send(Self.line("push.batch", batch, id: false) + "\n")
        try peer.send(Self.line("push.batch", #"{"items":7}"#, id: false) + "\n")
        try peer.send(#"{"jsonrpc":"2.0","id":9,"method":"ping"}"# + "\n")

        #expect(try peer.value()["id"]?.integer == 9)
        #expect(scene.sink.items.withLock { $0.count } == 2)
        func dropped(_ reason: String) -> Int64 {
            scene.count(SocketFamilies.dropped, ["what": "notification", "reason": reason])
        }
        #expect(dropped("invalid_parameter") == 2 && dropped("not_found") == 1)
        #expect(
            Self.counted(scene, "check", "accepted") == 1 && Self.counted(scene, "check", "rejected") == 2)
        #expect(Self.counted(scene, "batch", "rejected") == 1)
    }
}
