// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing
import Vitals

@Suite("The shipped binary beside dependencies that hang")
struct HangTests {
    @Test("every kind of check on a server that never answers leaves beats and answers untouched")
    func hanging() async throws {
        let notify = try NotifySocket()
        let server = try SilentServer()
        let address = "127.0.0.1:\(server.port)"
        let daemon = try await ShippedDaemon(
            """
            { "http": { "listen": ["127.0.0.1:0"] }, "containers": { "include": [], "systemdUnits": [] }, 
              "defaults": { "interval": "1s", "timeout": "700ms", "fall": 2, "warnAfter": 2 },
              "checks": [
                { "name": "database", "type": "postgres", "url": "postgresql://v@\(address)/d" },
                { "name": "cache", "type": "redis", "url": "redis://\(address)/0" },
                { "name": "page", "type": "http", "url": "http://\(address)/" },
                { "name": "secure", "type": "http", "url": "https://\(address)/" },
                { "name": "queue", "type": "tcp", "address": "\(address)", "expectBytes": "x" },
                { "name": "capacity", "type": "memory", "of": "host", "warnPercent": 100, "failPercent": 100 }
              ] }
            """, environment: ["NOTIFY_SOCKET": notify.path, "WATCHDOG_USEC": "6000000"]
        ).serving()

        let names = ["database", "cache", "page", "secure", "queue"]
        for name in names {
            try await Wait.until("\(name) to turn") {
                try await daemon.check(name)["level"]?.string == "unhealthy"
            }
            let check = try await daemon.check(name)
            #expect(check["reason"]?.string?.hasPrefix("timeout.") == true, "\(name): \(text(check))")
        }
        #expect(try await daemon.check("capacity")["level"]?.string == "healthy")

        // The first page opens the kernel's files, which are kept.
        _ = try await daemon.get("/metrics")
        let descriptors = daemon.descriptors

        // Answers do not wait for any of them.
        var times: [Duration] = []
        for _ in 0..<20 {
            for target in ["/livez", "/metrics", "/health", "/readyz"] {
                let took = try await ContinuousClock().measure { _ = try await daemon.get(target) }
                times.append(took)
            }
            let took = try await ContinuousClock().measure { _ = try await daemon.result("status") }
            times.append(took)
        }
        let median = times.sorted()[times.count / 2]
        #expect(median < .milliseconds(350), "half of the timeouts that run meanwhile, all the time")

        try await Wait.until("four beats") { notify.beats.count >= 4 }
        let beats = notify.beats
        for (earlier, later) in zip(beats, beats.dropFirst()) { #expect(later - earlier < .seconds(6)) }
        #expect(!notify.states.contains { $0.contains("trigger") })
        // Attempts that gave up leave nothing behind: one for each check may be under way now and not then.
        try await Wait.until("about \(descriptors) descriptors, not \(daemon.descriptors)") {
            daemon.descriptors <= descriptors + names.count
        }
        try await daemon.stop()
    }

    @Test("a service manager, a journal and a log reader that do not read hold nothing up")
    func deafReaders() async throws {
        let deaf = try DeafSocket()
        let directory = try TestDirectory()
        let pipe = directory.path + "/pipe"
        try #require(mkfifo(pipe, 0o600) == 0)
        let reader = open(pipe, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        try #require(reader >= 0)
        defer { close(reader) }
        let daemon = try ShippedDaemon(
            """
            { "http": { "listen": [] }, "checks": [ { "name": "beat", "type": "heartbeat", "ttl": "1s" } ] }
            """, environment: ["NOTIFY_SOCKET": deaf.path, "WATCHDOG_USEC": "600000"], in: directory,
            log: pipe)
        try await Wait.until("an answer") { (try? await daemon.get("/livez"))?.status == 200 }

        // Reloads log several lines each: far more than a pipe of 64 KiB and a queue of a few datagrams hold.
        for _ in 0..<400 {
            let answer = try await daemon.result("reload")
            try #require(answer["generation"]?.integer != nil)
        }

        let took = try await ContinuousClock().measure { _ = try await daemon.get("/metrics") }
        #expect(took < .seconds(2))
        let page = try await daemon.get("/metrics")
        #expect(page.series("vitald_dropped_total").contains { $0.contains("log_lines") })
        try await daemon.stop()
    }

    private func text(_ value: JSONValue) -> String { String(decoding: value.source, as: UTF8.self) }
}
