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

    @Test("memory is full only where nothing may be evicted")
    func full() {
        #expect(info("used_memory:5\r\nmaxmemory:5\r\nmaxmemory_policy:noeviction\r\n").isOutOfMemory)
        #expect(!info("used_memory:5\r\nmaxmemory:5\r\nmaxmemory_policy:allkeys-lru\r\n").isOutOfMemory)
        #expect(!info("used_memory:5\r\nmaxmemory:0\r\nmaxmemory_policy:noeviction\r\n").isOutOfMemory)
        #expect(info("used_memory:1\r\nmaxmemory:4\r\n").memoryPercent == 25)
    }
}
