// SPDX-License-Identifier: Apache-2.0

import Testing
import Vitals

/// What scripts and agents push, in the lines that they write.
@Suite("pushes to the shipped binary")
struct PushTests {
    private static let configuration = """
        { "http": { "listen": [] }, "defaults": { "interval": "1s", "timeout": "400ms" },
          "checks": [
            { "name": "backup", "type": "pushed", "ttl": "3s" },
            { "name": "nightly", "type": "pushed", "ttl": "1h" },
            { "name": "agent", "type": "heartbeat", "ttl": "1h", "bind": "connection" } ] }
        """

    @Test("a pushed check is pending, healthy by its first result, and unhealthy once its ttl is over")
    func life() async throws {
        let daemon = try await ShippedDaemon(Self.configuration).serving()
        let changes = try Subscription(daemon)
        try await changes.opened()
        let pending = try await daemon.check("backup")
        let wire = try Wire(.path(daemon.socket))

        try wire.send(
            #"{"jsonrpc":"2.0","method":"push.check","params":{"name":"nightly","outcome":"warn","message":"took 3 h","reason":"backup.slow","latencySeconds":2.5}}"#
                + "\n")
        let warned = try await changes.change(of: "nightly", to: "degraded")
        let pushed = try await daemon.control("push", "check", "backup", "pass", "--message", "12 files")
        let healthy = try await changes.change(of: "backup", to: "healthy")
        let expired = try await changes.change(of: "backup", to: "unhealthy")

        #expect(pending["phase"]?.string == "pending" && pending["target"]?.string == "a push.check every 3s")
        #expect(warned["reason"]?.string == "backup.slow" && warned["message"]?.string == "took 3 h")
        #expect(pushed.ending == .code(0) && pushed.output.isEmpty, "\(pushed)")
        #expect(healthy["from"]?.string == "unknown" && healthy["message"]?.string == "12 files")
        #expect(expired["from"]?.string == "healthy" && expired["reason"]?.string == "pushed.expired")
        let table = try await daemon.control("checks").output.split(separator: "\n")
        #expect(table.contains { $0.hasPrefix("nightly  degraded") && $0.contains("[backup.slow] took 3 h") })
        let nightly = try await daemon.check("nightly")
        #expect(nightly["fed_by"]?.string == "push.check" && nightly["type"]?.string == "pushed")
        #expect(nightly["latency_ms"]?.double == 2500 && nightly["outcome"]?.string == "warn")
        let page = try await daemon.get("/metrics").body
        #expect(
            page.contains(#"vitald_push_items_total{door="socket",kind="check",result="accepted"} 2"#))
        #expect(page.contains(#"vitald_check_status{check="backup",status="unhealthy"} 1"#))
        #expect(daemon.logged("checkChanged").contains { $0.contains("backup is unhealthy, was healthy") })
        try await daemon.stop()
    }

    @Test("a batch with good and bad items counts the good ones; checks that are fed say what feeds them")
    func batch() async throws {
        let daemon = try await ShippedDaemon(Self.configuration).serving()
        let items =
            #"[{"kind":"check","name":"backup","outcome":"fail"},{"kind":"check","name":"ghost","outcome":"pass"},{"kind":"heartbeat","name":"agent"},{"kind":"span"}]"#

        let answer = try await daemon.result("push.batch", #"{"items":\#(items)}"#)
        let runs = [try await daemon.control("run", "backup"), try await daemon.control("run", "agent")]

        #expect(answer["accepted"]?.integer == 2 && answer["rejected"]?.integer == 2)
        #expect(answer["errors"]?.elements.map { $0["index"]?.integer } == [1, 3])
        #expect(answer["errors"]?.elements.map { $0["kind"]?.string } == ["not_found", "invalid_parameter"])
        try await Wait.until("the level of the result") {
            try await daemon.check("backup")["level"]?.string == "unhealthy"
        }
        #expect(try await daemon.check("backup")["reason"]?.string == "pushed.fail")
        #expect(runs.map(\.ending) == [.code(1), .code(1)])
        #expect(runs[0].errors.contains("it is fed by pushes: send it a push.check"), "\(runs[0])")
        #expect(runs[1].errors.contains("it is fed by pushes: send it a push.heartbeat"), "\(runs[1])")
        try await daemon.stop()
    }

    @Test("a result outlives its connection and a reload; a heartbeat that is bound to one ends with it")
    func connections() async throws {
        let daemon = try await ShippedDaemon(Self.configuration).serving()
        let changes = try Subscription(daemon)
        try await changes.opened()
        do {
            let wire = try Wire(.path(daemon.socket))
            try wire.send(
                #"{"jsonrpc":"2.0","id":1,"method":"push.batch","params":{"items":[{"kind":"check","name":"nightly","outcome":"pass"},{"kind":"heartbeat","name":"agent"}]}}"#
                    + "\n")
            #expect(
                try await Wait.apart { try wire.line() }
                    == #"{"jsonrpc":"2.0","id":1,"result":{"accepted":2,"rejected":0}}"#)
            _ = try await changes.change(of: "agent", to: "healthy")
        }

        let gone = try await changes.change(of: "agent", to: "unhealthy")
        let reload = try await daemon.control("reload")
        let again = try Wire(.path(daemon.socket))
        try again.send(#"{"jsonrpc":"2.0","method":"push.heartbeat","params":{"name":"agent"}}"# + "\n")
        let back = try await changes.change(of: "agent", to: "healthy")

        #expect(gone["reason"]?.string == "heartbeat.disconnected" && back["from"]?.string == "unhealthy")
        #expect(reload.ending == .code(0), "\(reload)")
        #expect(try await daemon.check("nightly")["level"]?.string == "healthy")
        try await daemon.stop()
    }
}
