// SPDX-License-Identifier: Apache-2.0

import Testing
import Vitals

@testable import Sampling

@Suite("Redis: the configuration")
struct RedisKindTests {
    @Test("every key is read")
    func everyKey() throws {
        let json = """
            {"url": "redis://agent@cache:7000/3", "passwordFile": "/s", "warnLatency": "5ms", "role": "replica",
             "warnMemoryPercent": 80, "command": "GET  vitald", "statistics": true}
            """

        let read = try readCheck(RedisKind.self, json, secrets: ["/s": "CANARY-file"])

        #expect(read.faults == [])
        #expect(read.warnings == [])
        #expect(read.kind.target.description == "cache:7000/3")
        #expect(read.kind.server.user == "agent")
        #expect(read.kind.password == Secret("CANARY-file"))
        #expect(read.kind.warnLatency == .milliseconds(5))
        #expect(read.kind.role == .replica)
        #expect(read.kind.warnMemoryPercent == 80)
        #expect(read.kind.command == ["GET", "vitald"])
        #expect(read.kind.statistics)
        #expect(!read.shown.contains("CANARY"))
    }

    @Test(
        "every form of the url",
        arguments: [
            ("redis://", "localhost:6379/0", "redis://localhost:6379/0"),
            ("redis://cache", "cache:6379/0", "redis://cache:6379/0"),
            ("redis://:CANARY@cache:1/2", "cache:1/2", "redis://:***@cache:1/2"),
            ("redis://me:CANARY@[::1]:1?db=4", "[::1]:1/4", "redis://***:***@[::1]:1/4"),
            ("unix:///run/redis.sock", "/run/redis.sock/0", "unix:///run/redis.sock?db=0"),
            ("unix://:CANARY@/run/redis.sock?db=1", "/run/redis.sock/1", "unix://:***@/run/redis.sock?db=1"),
        ])
    func urls(_ text: String, _ target: String, _ masked: String) throws {
        let read = try RedisTarget(text)

        #expect(read.target.description == target)
        #expect(read.shown == masked)
        #expect(ShownURL.text(masked) == masked)
    }

    @Test("a command may be a list of words, which then may hold blanks")
    func commandList() throws {
        let read = try readCheck(RedisKind.self, #"{"url": "redis://h", "command": ["GET", "a b"]}"#)

        #expect(read.faults == [])
        #expect(read.kind.command == ["GET", "a b"])
    }

    @Test(
        "a fault names the place, the fact and the remedy",
        arguments: [
            (
                "{}",
                "line 1: checks[0]: `url` is missing. Add it, for example \"url\": \"redis://localhost:6379/0\"."
            ),
            (
                #"{"url": "rediss://:CANARY@h"}"#,
                "line 1: checks[0].url: asks for TLS, which the linked hiredis (0.14) does not have. Use redis:// on a trusted network or through a local stunnel, or a Unix socket."
            ),
            (
                #"{"url": "http://:CANARY@h"}"#,
                "line 1: checks[0].url: the scheme is not one of Redis. Write redis://host:6379/0."
            ),
            (
                #"{"url": "unix://run/redis.sock"}"#,
                "line 1: checks[0].url: names no socket. Write three slashes: unix:///run/redis/redis.sock."
            ),
            (
                #"{"url": "redis://h/first"}"#,
                "line 1: checks[0].url: the database is not a number. Write for example redis://localhost:6379/0."
            ),
            (
                #"{"url": "redis://h?timeout=3"}"#,
                "line 1: checks[0].url: parameter 1 of the query is not known here. The only one is db=NUMBER."
            ),
            (
                #"{"url": " redis://h"}"#,
                "line 1: checks[0].url: begins or ends with a blank. Remove the blank."
            ),
            (
                #"{"url": "redis://:1/CANARY@h"}"#,
                "line 1: checks[0].url: holds an @ behind the first slash. Write special characters of a password percent-encoded: / as %2F, @ as %40."
            ),
            (
                #"{"url": "redis://CAN ARY/0"}"#,
                "line 1: checks[0].url: the host is neither a name nor an address. Write redis://host:6379/0, special characters of a password percent-encoded."
            ),
            (
                #"{"url": "redis://me@h"}"#,
                "line 1: checks[0].url: names a user without a password. Set `passwordFile` or `passwordCredential`, or remove the user."
            ),
            (
                #"{"url": "redis://h", "command": "subscribe x"}"#,
                "line 1: checks[0].command: SUBSCRIBE changes or ends the connection. Use a command that is answered once, such as GET or CLUSTER INFO."
            ),
            (
                #"{"url": "redis://h", "command": ""}"#,
                "line 1: checks[0].command: is empty. Write for example \"GET vitald\", or remove the line."
            ),
        ])
    func faults(_ json: String, _ sentence: String) throws {
        let read = try readCheck(RedisKind.self, json)

        #expect(read.faults == [sentence])
    }

    @Test("a password in the url works, warns once and is not shown")
    func passwordInURL() throws {
        let read = try readCheck(RedisKind.self, #"{"url": "redis://:CANARY@h"}"#)

        #expect(read.faults == [])
        #expect(read.warnings.count == 1)
        #expect(read.kind.password == Secret("CANARY"))
        #expect(!(read.shown + read.warnings.joined() + "\(read.kind)").contains("CANARY"))
    }
}
