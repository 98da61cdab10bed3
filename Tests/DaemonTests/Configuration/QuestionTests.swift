// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing
import Vitals

@testable import vitald

/// Which keys of a check are what it asks, and which only say what becomes of the answer.
@Suite("What a reload keeps, key by key")
struct QuestionTests {
    /// What becomes of the standing of a check when a key changes.
    enum Effect: String {
        /// Level, counters and `since` stay.
        case kept
        /// It starts from scratch.
        case reset
    }

    /// One key of one kind, and two values for it; an empty one leaves the key out.
    struct Row: Sendable, CustomTestStringConvertible {
        let kind: String
        let key: String
        let before: String
        let after: String
        let effect: Effect
        var testDescription: String { "\(kind).\(key)" }
    }

    /// What a check of each kind has at the least.
    private static let least = [
        "postgres": #""url":"postgresql://u@h/d""#, "redis": #""url":"redis://h/0""#,
        "http": #""url":"https://h/""#, "tcp": #""address":"h:1""#, "filesystem": #""path":"/a""#,
        "memory": "", "container": #""select":"a""#, "unit": #""unit":"a.service""#,
        "journal": #""unit":"a.service","failErrors":10"#, "heartbeat": "", "pushed": "",
    ]

    private static func rows(
        _ kind: String, _ effect: Effect, _ values: KeyValuePairs<String, (String, String)>
    )
        -> [Row]
    {
        values.map { Row(kind: kind, key: $0.key, before: $0.value.0, after: $0.value.1, effect: effect) }
    }

    static let table: [Row] = [
        rows(
            "postgres", .reset,
            [
                "url": (#""postgresql://u@h/d""#, #""postgresql://u@h/e""#), "query": ("", #""SELECT 2""#),
            ]),
        rows(
            "postgres", .kept,
            [
                "passwordFile": ("", #""/etc/vitald/good.password""#), "passwordCredential": ("", #""pw""#),
                "warnLatency": ("", #""1s""#), "role": ("", #""primary""#),
                "warnReplicationLag": ("", #""1s""#), "failReplicationLag": ("", #""9s""#),
                "warnConnectionsPercent": ("", "80"), "statistics": ("", "true"),
            ]),
        rows(
            "redis", .reset,
            ["url": (#""redis://h/0""#, #""redis://h/1""#), "command": ("", #""GET a""#)]),
        rows(
            "redis", .kept,
            [
                "passwordFile": ("", #""/etc/vitald/good.password""#), "passwordCredential": ("", #""pw""#),
                "warnLatency": ("", #""1s""#), "role": ("", #""replica""#), "warnMemoryPercent": ("", "80"),
                "statistics": ("", "true"),
            ]),
        rows(
            "http", .reset,
            [
                "url": (#""https://h/""#, #""https://h/?deep=1""#), "method": ("", #""HEAD""#),
                "headers": (#"{"X-Tenant":"a"}"#, #"{"X-Tenant":"b"}"#), "body": ("", #""""#),
                "followRedirects": ("", "1"), "tls": ("", #"{"serverName":"b.example"}"#),
                "tls.serverName": ("", #""b.example""#), "tls.verify": ("", "false"),
                "tls.caFile": ("", #""CERTIFICATES/ca.crt""#),
            ]),
        rows(
            "http", .kept,
            [
                "headerFiles": ("", #"{"Authorization":"/etc/vitald/good.password"}"#),
                "expect": ("", #"{"status":["200"],"warnStatus":["201"]}"#),
                "expect.status": ("", #"["204"]"#), "expect.warnStatus": ("", #"["300-399"]"#),
                "expect.bodyContains": ("", #""ok""#), "expect.bodyMatches": ("", #""o.k""#),
                "expect.json": ("", #"{"/a":1}"#), "warnLatency": ("", #""1s""#),
                "failLatency": ("", #""2s""#),
                "tls.certFile": ("", #""CERTIFICATES/a.crt","keyFile":"CERTIFICATES/a.key""#),
                "tls.keyFile": ("", #""CERTIFICATES/b.key","certFile":"CERTIFICATES/b.crt""#),
                "tls.warnExpiry": ("", #""30d""#), "tls.failExpiry": ("", #""1d""#),
            ]),
        rows(
            "tcp", .reset,
            [
                "address": (#""h:1""#, #""h:2""#), "tls": ("", "true"), "send": (#""a""#, #""b""#),
            ]),
        rows("tcp", .kept, ["expectBytes": ("", #""PONG""#)]),
        rows("filesystem", .reset, ["path": (#""/a""#, #""/b""#), "writable": ("", "true")]),
        rows(
            "filesystem", .kept,
            [
                "warnFreePercent": ("", "20"), "failFreePercent": ("", "4"),
                "warnFreeInodesPercent": ("", "20"), "failFreeInodesPercent": ("", "4"),
            ]),
        rows("memory", .reset, ["of": ("", #""self""#)]),
        rows(
            "memory", .kept,
            ["warnPercent": ("", "50"), "failPercent": ("", "99"), "warnPressure": ("", "10")]),
        rows("container", .reset, ["select": (#""a""#, #""b""#)]),
        rows(
            "container", .kept,
            [
                "warnCPUPercent": ("", "50"), "warnThrottledPercent": ("", "50"),
                "warnMemoryPercent": ("", "50"), "failMemoryPercent": ("", "50"), "failOnOOM": ("", #""5m""#),
            ]),
        rows("unit", .reset, ["unit": (#""a.service""#, #""b.service""#)]),
        rows("unit", .kept, ["warnMemoryPercent": ("", "50"), "failMemoryPercent": ("", "50")]),
        rows(
            "journal", .reset,
            [
                "unit": (#""a.service""#, #""b.service""#), "units": ("", #"["b.service"]"#),
                "pattern": ("", #""oom""#), "match": ("", #""disk""#), "regex": ("", #""d.sk""#),
            ]),
        rows(
            "journal", .kept,
            [
                "window": ("", #""9m""#), "priority": ("", #""crit""#), "warnErrors": ("", "3"),
                "failErrors": ("10", "20"), "outcome": ("", #""warn""#), "warnSilence": ("", #""1m""#),
                "failSilence": ("", #""2m""#),
            ]),
        rows(
            "heartbeat", .kept, ["ttl": ("", #""5m""#), "bind": ("", #""connection""#)]),
        rows("pushed", .kept, ["ttl": ("", #""25h""#)]),
        common,
    ].flatMap { $0 }

    /// The keys of every kind; what is no key of the question is not looked at for it.
    private static let common: [Row] = [
        rows("tcp", .reset, ["name": (#""a""#, #""b""#), "type": (#""tcp""#, ""), "enabled": ("", "false")]),
        rows(
            "tcp", .kept,
            [
                "impact": ("", #""info""#), "interval": ("", #""30s""#), "timeout": ("", #""2s""#),
                "fall": ("", "9"), "warnAfter": ("", "9"), "rise": ("", "9"), "startPeriod": ("", #""1m""#),
                "startInterval": ("", #""2s""#), "staleAfter": ("", "9"), "tags": ("", #"["x"]"#),
                "dependsOn": ("", #"["other"]"#), "description": ("", #""x""#), "runbook": ("", #""x""#),
            ]),
    ].flatMap { $0 }

    private static let certificates = Result {
        let made = try Certificates()
        for name in ["a", "b"] { try made.sign(name, for: "DNS:\(name).example") }
        return made
    }

    private func read(_ text: String, secret: String = "CANARY-FILE") throws -> CheckDefinition {
        let made = try Self.certificates.get()
        var surroundings = Museum.surroundings
        surroundings.credentialsDirectory = "/run/credentials"
        surroundings.readSecret = { path in
            guard path.hasSuffix(".key") else { return .success(secret) }
            let key = (try? made.bytes(String(path.split(separator: "/").last ?? ""))) ?? []
            return .success(String(decoding: key, as: UTF8.self))
        }
        let text = text.replacing("CERTIFICATES", with: made.directory)
        let configuration = try ConfigurationReader(kinds: DaemonCatalog.kinds, surroundings: surroundings)
            .read(Array(text.utf8))
        return try #require(configuration.checks.first).definition
    }

    /// A check of a kind with a key at a value, as it is read.
    private func check(_ row: Row, _ value: String) throws -> CheckDefinition {
        let path = row.key.split(separator: ".").map(String.init)
        var members = ["name": #""a""#, "type": "\"\(row.kind)\""]
        let least = try JSONDocument(parsing: Array("{\(Self.least[row.kind] ?? "")}".utf8)).root
        for (key, value) in least.members {
            members[key.string ?? ""] = String(decoding: value.source, as: UTF8.self)
        }
        if path == ["type"], value.isEmpty {
            members["type"] = #""memory""#
            members["address"] = nil
        } else if !value.isEmpty {
            members[path[0]] = path.count == 1 ? value : #"{"\#(path[1])":\#(value)}"#
        }
        if row.key == "units", !value.isEmpty {
            members["unit"] = nil
        }
        let text = members.map { "\"\($0.key)\":\($0.value)" }.sorted().joined(separator: ",")
        return try read(
            """
            {"checks":[{\(text)},{"name":"other","type":"heartbeat"}],
             "journal":{"units":["z.service"],"patterns":[{"name":"oom","match":"oom"}]}}
            """)
    }

    @Test("each key keeps what is known of a check, or starts it from scratch", arguments: table)
    func keys(row: Row) throws {
        // An empty body is none: what is compared has one.
        let (before, after) =
            row.key == "body"
            ? (
                try read(
                    #"{"checks":[{"name":"a","type":"http","url":"http://h/","method":"POST","body":"a"}]}"#),
                try read(
                    #"{"checks":[{"name":"a","type":"http","url":"http://h/","method":"POST","body":"b"}]}"#)
            ) : (try check(row, row.before), try check(row, row.after))

        #expect(before.fingerprint != after.fingerprint, "the two differ")
        #expect(after.asksTheSame(as: before) == (row.effect == .kept))
        #expect(
            try check(row, row.before).asksTheSame(as: check(row, row.before)), "twice the same is the same")
    }

    @Test("the table has every key there is, of every kind, once")
    func complete() {
        for kind in KnownKeys.kinds {
            let (own, common) = KnownKeys.of(kind)
            let listed = Self.table.filter { row in
                row.kind == kind && !Self.common.contains { $0.key == row.key && $0.kind == kind }
            }.map(\.key)
            #expect(listed.sorted() == own.sorted(), "\(kind)")
            #expect(Self.common.map(\.key).sorted() == common.sorted())
        }
    }

    @Test("thresholds and credentials need another probe, texts and counts of attempts do not")
    func probes() throws {
        func probe(_ more: String, secret: String = "CANARY-FILE") throws -> String {
            try read(
                #"{"checks":[{"name":"a","type":"postgres","url":"postgresql://u@h/d"\#(more)}]}"#,
                secret: secret
            ).probeFingerprint
        }
        let plain = try probe("")
        for text in [
            #","description":"x""#, #","tags":["x"]"#, #","impact":"info""#, #","fall":9"#,
            #","interval":"1m""#, #","staleAfter":9"#,
        ] {
            #expect(try probe(text) == plain, "\(text)")
        }
        for text in [#","warnLatency":"1s""#, #","timeout":"2s""#, #","role":"primary""#] {
            #expect(try probe(text) != plain, "\(text)")
        }
        let file = #","passwordFile":"/etc/vitald/good.password""#
        #expect(try probe(file, secret: "CANARY-1") != probe(file, secret: "CANARY-2"))
    }

    @Test(
        "a rotated password or key asks the same of the same; another user or another header does not",
        arguments: [
            (
                #""type":"postgres","url":"postgresql://u:CANARY-1@h/d""#,
                #""type":"postgres","url":"postgresql://u:CANARY-2@h/d""#, Effect.kept
            ),
            (
                #""type":"postgres","url":"postgresql://u:CANARY-1@h/d""#,
                #""type":"postgres","url":"postgresql://u@h/d","passwordFile":"/etc/vitald/good.password""#,
                .kept
            ),
            (
                #""type":"postgres","url":"host=h dbname=d user=u password=CANARY-1""#,
                #""type":"postgres","url":"host=h dbname=d user=u password=CANARY-2""#, .kept
            ),
            (
                #""type":"postgres","url":"postgresql://u@h/d""#,
                #""type":"postgres","url":"postgresql://v@h/d""#, .reset
            ),
            (
                #""type":"postgres","url":"postgresql://u@h/d?sslmode=require""#,
                #""type":"postgres","url":"postgresql://u@h/d?sslmode=prefer""#, .reset
            ),
            (
                #""type":"redis","url":"redis://:CANARY-1@h/0""#,
                #""type":"redis","url":"redis://:CANARY-2@h/0""#, .kept
            ),
            (
                #""type":"redis","url":"redis://u:CANARY-1@h/0""#,
                #""type":"redis","url":"redis://v:CANARY-1@h/0""#, .reset
            ),
            (
                #""type":"http","url":"http://u:CANARY-1@h/""#,
                #""type":"http","url":"http://u:CANARY-2@h/""#, .kept
            ),
            (
                #""type":"http","url":"http://u:CANARY-1@h/""#,
                #""type":"http","url":"http://v:CANARY-1@h/""#, .reset
            ),
            (
                #""type":"http","url":"http://h/?token=CANARY-1""#,
                #""type":"http","url":"http://h/?token=CANARY-2""#,
                .reset
            ),
            (
                #""type":"http","url":"http://h/","headers":{"Authorization":"Bearer CANARY-1"}"#,
                #""type":"http","url":"http://h/","headers":{"Authorization":"Bearer CANARY-2"}"#, .kept
            ),
            (
                #""type":"http","url":"http://h/","headers":{"Accept":"a"}"#,
                #""type":"http","url":"http://h/","headers":{"Accept":"b"}"#, .reset
            ),
        ] as [(String, String, Effect)])
    func credentials(_ before: String, _ after: String, _ effect: Effect) throws {
        let (before, after) = (
            try read(#"{"checks":[{"name":"a",\#(before)}]}"#),
            try read(#"{"checks":[{"name":"a",\#(after)}]}"#)
        )

        #expect(after.asksTheSame(as: before) == (effect == .kept))
        #expect(after.probeFingerprint != before.probeFingerprint, "it connects again")
        for text in [before.question, after.question, after.probeFingerprint] {
            #expect(text.firstRange(of: "CANARY") == nil)
        }
    }

    @Test("a password file with other contents, and a key that was renewed, ask the same")
    func rotatedFiles() throws {
        for check in [
            #""type":"postgres","url":"postgresql://u@h/d","passwordFile":"/etc/vitald/good.password""#,
            #""type":"http","url":"http://h/","headerFiles":{"X-Key":"/etc/vitald/good.password"}"#,
        ] {
            let text = #"{"checks":[{"name":"a",\#(check)}]}"#
            let (one, two) = (try read(text, secret: "CANARY-1"), try read(text, secret: "CANARY-2"))
            #expect(two.asksTheSame(as: one) && two.probeFingerprint != one.probeFingerprint, "\(check)")
        }
    }

    @Test(
        "a journal check asks something else when the pattern that it names is another one, or the journal is"
    )
    func journalPatterns() throws {
        func read(_ more: String) throws -> CheckDefinition {
            try self.read(
                #"""
                {"checks":[{"name":"a","type":"journal","unit":"a.service","pattern":"oom"}],
                 "journal":{\#(more)}}
                """#)
        }
        let plain = try read(#""patterns":[{"name":"oom","match":"x"}]"#)

        #expect(try read(#""patterns":[{"name":"oom","match":"x"}],"keepErrors":3"#).asksTheSame(as: plain))
        #expect(
            try read(#""patterns":[{"name":"b","match":"b"},{"name":"oom","match":"x"}]"#).asksTheSame(
                as: plain))
        #expect(try !read(#""patterns":[{"name":"oom","match":"y"}]"#).asksTheSame(as: plain))
        #expect(
            try !read(#""patterns":[{"name":"oom","match":"x"}],"directory":"/var/log/journal""#)
                .asksTheSame(as: plain))
    }
}
