// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Sampling

@Suite("Redis: INFO")
struct RedisInfoTests {
    private func info(_ texts: String...) -> RedisInfo {
        var info = RedisInfo()
        for text in texts { info.add(.bulk(Array(text.utf8))) }
        return info
    }

    @Test("a field is found by its whole name, in every reply that was added")
    func fields() {
        let info = info("# Memory\r\nxused_memory:1\r\nused_memory_rss:2\r\nused_memory:3\r\n", "role:slave")

        #expect(info.integer("used_memory") == 3)
        #expect(info.isReplica == true)
        #expect(info.text("used") == nil)
        #expect(info.text("memory") == nil)
    }

    @Test("what is missing or no number is absent, never zero")
    func absent() {
        let info = info("used_memory:many\r\nmaxmemory:\r\nmaxmemory")

        #expect(info.integer("used_memory") == nil)
        #expect(info.integer("maxmemory") == nil)
        #expect(info.memoryPercent == nil)
        #expect(!info.isOutOfMemory)
        #expect(RedisInfo().isReplica == nil)
    }

    @Test("what a server says of itself is shown in 256 bytes, without control characters")
    func hostile() {
        let long = String(repeating: "x", count: 1 << 20)
        let info = info(
            "redis_version:\(long)\r\nmaster_link_status:up\u{1B}[2J\u{202E}\r\nmaster_host:\(long)\r\n"
                + "master_port:6379\r\n")

        #expect(info.text("redis_version")?.utf8.count == 256)
        #expect(info.text("master_link_status") == "up\u{FFFD}[2J\u{FFFD}")
        #expect(RedisFamilies.series(info).isEmpty)
    }

    @Test(
        "a master is named where it is a host and a port",
        arguments: [
            ("db-1.example", "6379", true), ("10.0.0.7", "1", true), ("::1", "6379", true),
            ("a b", "6379", false), ("x\"y", "6379", false), ("", "6379", false), ("db", "65536", false),
            ("db", "-1", false), ("db", "6379 ", false),
        ])
    func master(_ host: String, _ port: String, _ isNamed: Bool) {
        let info = info("master_link_status:up\r\nmaster_host:\(host)\r\nmaster_port:\(port)\r\n")

        #expect((info.master != nil) == isNamed)
        #expect(RedisFamilies.series(info).count == (isNamed ? 1 : 0))
    }

    @Test("memory is full only where nothing may be evicted")
    func full() {
        #expect(info("used_memory:5\r\nmaxmemory:5\r\nmaxmemory_policy:noeviction\r\n").isOutOfMemory)
        #expect(!info("used_memory:5\r\nmaxmemory:5\r\nmaxmemory_policy:allkeys-lru\r\n").isOutOfMemory)
        #expect(!info("used_memory:5\r\nmaxmemory:0\r\nmaxmemory_policy:noeviction\r\n").isOutOfMemory)
        #expect(info("used_memory:1\r\nmaxmemory:4\r\n").memoryPercent == 25)
    }
}
