// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization
import Testing
import Vitals

@testable import Publishing

@Suite("methods of the socket")
struct SocketMethodTests {
    private func call(_ method: String, _ params: String = "{}") -> String {
        #"{"jsonrpc":"2.0","id":1,"method":"\#(method)","params":\#(params)}"#
    }

    private func result(_ scene: SocketScene, _ method: String, _ params: String = "{}") throws -> JSONValue {
        let reply = try JSONDocument(parsing: Array(try scene.ask(call(method, params)).utf8)).root
        return try #require(reply["result"], "\(reply["error"]?["message"]?.string ?? "")")
    }

    private func fault(_ scene: SocketScene, _ method: String, _ params: String = "{}") throws -> SocketFault
    {
        let reply = try JSONDocument(parsing: Array(try scene.ask(call(method, params)).utf8)).root
        return SocketFault(reading: try #require(reply["error"]))
    }

    @Test("hello tells the protocol, the limits, the peer as the kernel has it, and its roles")
    func hello() throws {
        let scene = try SocketScene()

        #expect(
            try scene.ask(call("hello", #"{"protocol":1,"client":"test/1"}"#))
                == #"{"jsonrpc":"2.0","id":1,"result":{"protocol":1,"server":"vitald/test","limits":{"line":65536,"batch":512},"peer":{"pid":\#(getpid()),"uid":\#(geteuid()),"gid":\#(getegid())},"roles":["read","push","admin"]}}"#
        )
        #expect(try fault(scene, "hello", #"{"protocol":2}"#).kind == "invalid_parameter")
    }

    @Test("hello shows the trusted unit and container of the peer")
    func origin() throws {
        let peer = PeerInspection.Peer(
            credentials: PeerCredentials(pid: 0, uid: 998, gid: 7),
            origin: PeerOrigin(unit: "agno@1.service", container: ""))
        let scene = try SocketScene(inspection: PeerInspection { _ in peer })

        let reply = try result(scene, "hello")

        #expect(reply["peer"]?["unit"]?.string == "agno@1.service")
        #expect(reply["peer"]?["container"] == nil)
        #expect(reply["peer"]?["pid"] == nil, "pid 0 means that the kernel does not tell")
        #expect(reply["roles"]?.elements.map(\.string) == ["read", "push"])
    }

    @Test("ping carries the tick and the generation")
    func ping() throws {
        let scene = try SocketScene()
        scene.board.tick()
        scene.board.tick()

        let reply = try #require(Ping.Reply(reading: try result(scene, "ping")))

        #expect(reply == Ping.Reply(tick: 2, generation: 1))
    }

    @Test("status is the report of the moment, and a new report replaces the kept text at once")
    func status() throws {
        let scene = try SocketScene()
        let before = try #require(StatusQuery.Reply(reading: try result(scene, "status")))

        var report = scene.board.report
        report.status = .degraded
        report.checks[0].level = .unhealthy
        report.checks[1].definition.enabled = false
        scene.board.publish(report, [])
        let after = try #require(StatusQuery.Reply(reading: try result(scene, "status")))

        #expect(before.status == .healthy && before.counts.healthy == 2 && before.epoch == "e1")
        #expect(after == StatusQuery.Reply(report, epoch: "e1"))
        #expect(after.counts.unhealthy == 1 && after.counts.disabled == 1 && after.counts.total == 1)
    }

    @Test("checks.list and checks.get show the checks; an unknown one is not found")
    func checks() throws {
        let scene = try SocketScene()

        #expect(
            ChecksList.read(try result(scene, "checks.list"))
                == scene.board.report.checks.map { CheckView($0) })
        #expect(ChecksList.read(try result(scene, "checks.list", #"{"tag":"none"}"#)).isEmpty)
        let check = try #require(scene.board.report.check(named: "cache"))
        #expect(
            ChecksGet.read(try result(scene, "checks.get", #"{"name":"cache"}"#))
                == CheckView(check, detailed: true))
        #expect(try fault(scene, "checks.get", #"{"name":"x"}"#) == .notFound("check", name: "x"))
        #expect(
            try fault(scene, "checks.get")
                == .invalidParameter("name", "is missing; a string is needed"))
        #expect(
            try fault(scene, "checks.get", #"{"name":7}"#)
                == .invalidParameter("name", "is a number; a string is needed"))
    }

    @Test("history gives the newest results, oldest first, and the confirmed changes")
    func history() throws {
        let scene = try SocketScene()
        for number in 1...3 {
            scene.board.note(
                HistoryEntry(
                    wall: WallTime(nanoseconds: Int64(number) * 1_000_000_000), outcome: .fail,
                    level: .unhealthy, reason: "refused", message: "m\(number)",
                    duration: .microseconds(1500)), of: "cache")
        }
        scene.publish("cache", to: .unhealthy)

        let reply = try #require(
            History.Reply(reading: try result(scene, "history", #"{"name":"cache","limit":2}"#)))

        #expect(reply.results.map(\.message) == ["m2", "m3"])
        #expect(reply.results[0].latency == 1.5 && reply.results[0].time == "1970-01-01T00:00:02.000Z")
        #expect(reply.changes.map(\.to) == ["unhealthy"])
        #expect(
            try fault(scene, "history", #"{"name":"cache","limit":101}"#)
                == .invalidParameter("limit", "101 is out of range; give 1 to 100"))
        #expect(try fault(scene, "history", #"{"name":"x"}"#).code == -32020)
    }

    @Test("container shows the docker keys beside exact ones, and leaves out what is unknown")
    func container() throws {
        let scene = try SocketScene()

        let web = try #require(
            try result(scene, "container", #"{"select":"web"}"#)["containers"]?.elements.first)

        #expect(web["cpu_percent"]?.double == 12.5)
        #expect(web["memory_percent"]?.double == 50)
        #expect(web["memory_usage_mb"]?.double == 3)
        #expect(web["memory_bytes"]?.integer == 3_145_728)
        #expect(web["network_rx_mb"]?.double == 0.5)
        #expect(web["network_tx_mb"] == nil)
        #expect(web["status"]?.string == "running")
        let both = try result(scene, "container", #"{"select":["!web","*"]}"#)["containers"]?.elements
        #expect(both?.map { $0["unit"]?.string } == ["cron.service"])
        #expect(both?[0]["memory_limit_bytes"]?.isNull == true, "no limit is null, an unknown one absent")
        let own = try result(scene, "container", #"{"select":"self"}"#)["containers"]?.elements
        #expect(own?.map { $0["id"]?.string } == ["/system.slice/cron.service"])
        #expect(try result(scene, "container", #"{"select":"host"}"#)["host"]?["cores"]?.integer == 2)
        #expect(try fault(scene, "container", #"{"select":[]}"#).code == -32602)
        #expect(try fault(scene, "container", #"{"select":[1]}"#).code == -32602)
    }

    @Test("metrics gives samples by glob, kernel and own, with labels as they are")
    func metrics() throws {
        let scene = try SocketScene()

        let all = try result(scene, "metrics")["samples"]?.elements ?? []
        let cpu = try #require(all.first { $0["name"]?.string == "container_cpu_usage_seconds_total" })
        #expect(cpu["labels"]?["id"]?.string == "/a\\x2d\"b\n")
        #expect(cpu["labels"]?["name"]?.string == "")
        #expect(String(decoding: cpu["value"]?.source ?? [], as: UTF8.self) == "1.5")
        #expect(all.contains { $0["name"]?.string == "vitald_socket_connections" })

        let few = try #require(
            MetricsQuery.Reply(reading: try result(scene, "metrics", #"{"pattern":"*_c*","limit":1}"#)))
        #expect(few.samples.count == 1 && few.truncated && few.matched >= 2)
        #expect(
            try result(scene, "metrics", #"{"pattern":"nothing"}"#)["samples"]?.elements.isEmpty == true)
    }

    @Test("checks.run and reload answer through the control, and leave one audit line each")
    func control() throws {
        let scene = try SocketScene()

        #expect(ChecksGet.read(try result(scene, "checks.run", #"{"name":"cache"}"#))?.name == "cache")
        #expect(
            try fault(scene, "checks.run", #"{"name":"agent"}"#)
                == .notRunnable("agent", "it is fed by pushes"))
        #expect(try fault(scene, "checks.run", #"{"name":"x"}"#) == .notFound("check", name: "x"))
        #expect(
            Reload.read(try result(scene, "reload"))
                == ReloadSummary(generation: 2, added: ["queue"], unchanged: 1))
        let who = "by uid \(geteuid()), pid \(getpid()): allowed"
        #expect(
            scene.notes.all == [
                "checks.run cache \(who)", "checks.run agent \(who)", "checks.run x \(who)", "reload \(who)",
            ])
    }

    @Test("calls that are denied leave one line a minute for each user, with the number of the others")
    func denials() throws {
        let scene = try SocketScene(access: SocketAccess { _ in [.read, .push] })

        for _ in 0..<50 { _ = try fault(scene, "reload") }
        scene.clock.advance(by: .seconds(61))
        _ = try fault(scene, "checks.run", #"{"name":"cache"}"#)

        let who = "by uid \(geteuid()), pid \(getpid()): denied"
        #expect(
            scene.notes.all == [
                "reload \(who)",
                "checks.run cache \(who); so were 49 other calls of this user since the last such line",
            ])
    }

    @Test("a refused configuration comes back with every fault")
    func refusedReload() throws {
        let scene = try SocketScene(control: SceneControl(refusals: ["a: bad.", "b: worse."]))

        let fault = try fault(scene, "reload")

        #expect(fault == .configurationRefused(["a: bad.", "b: worse."]))
        #expect(fault.message == "the configuration has 2 faults; the old one stays in force")
    }

    @Test("a heartbeat carries the kernel's word on its sender, and its connection's end is told")
    func heartbeat() throws {
        let scene = try SocketScene()
        do {
            let peer = try scene.peer()
            try peer.send(call("push.heartbeat", #"{"name":"agent_responsive"}"#) + "\n")
            #expect(try peer.line() == #"{"jsonrpc":"2.0","id":1,"result":{"accepted":1,"rejected":0}}"#)
            try peer.send(call("push.heartbeat", #"{"name":"x"}"#) + "\n")
            #expect(try peer.value()["error"]?["code"]?.integer == -32020)
        }

        #expect(eventually { scene.sink.ends.withLock { $0.count } == 1 })
        let beat = try #require(scene.sink.items.withLock { $0.first?.source })
        #expect(beat.pid == getpid() && beat.uid == geteuid())
        #expect(scene.sink.ends.withLock { $0.first } == beat.connection)
        #expect(
            scene.count(
                PushTallies.family, ["door": "socket", "kind": "heartbeat", "result": "accepted"]) == 1)
        #expect(
            scene.count(
                PushTallies.family, ["door": "socket", "kind": "heartbeat", "result": "rejected"]) == 1)
    }

    @Test("every method that describe lists has an example that the server takes, and none is missing")
    func describe() throws {
        let scene = try SocketScene()
        let methods = try result(scene, "describe")["methods"]?.elements ?? []

        #expect(
            Set(methods.compactMap { $0["name"]?.string }) == [
                "hello", "ping", "status", "checks.list", "checks.get", "checks.run", "history", "container",
                "metrics", "limits", "describe", "doctor", "logs", "subscribe", "unsubscribe", "reload",
                "push.heartbeat", "push.check", "push.batch",
            ])
        for method in methods {
            let example = try #require(method["example"]?.string)
            let reply = try JSONDocument(parsing: Array(try scene.ask(example).utf8)).root
            let code = reply["error"]?["code"]?.integer
            #expect(code == nil || code == -32020, "\(example) was refused with \(code ?? 0)")
            #expect(method["summary"]?.string?.isEmpty == false)
        }
        #expect(try result(scene, "describe", #"{"method":"ping"}"#)["methods"]?.count == 1)
        #expect(try fault(scene, "describe", #"{"method":"x"}"#).code == -32020)
    }
}
