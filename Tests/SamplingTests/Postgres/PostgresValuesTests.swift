// SPDX-License-Identifier: Apache-2.0

import CLibPQ
import Glibc
import TestSupport
import Testing
import Vitals

@testable import Sampling

@Suite("Postgres: what libpq would refuse")
struct PostgresValuesTests {
    private static let parameters: [(text: String, isTaken: Bool)] = [
        ("sslmode=require", true), ("sslmode=verify-full", true), ("sslmode=bogus", false),
        ("sslmode=REQUIRE", false), ("sslmode=''", false), ("channel_binding=require", true),
        ("channel_binding=on", false), ("gssencmode=prefer", true), ("gssencmode=x", false),
        ("target_session_attrs=read-write", true), ("target_session_attrs=master", false),
        ("ssl_min_protocol_version=TLSv1.2", true), ("ssl_min_protocol_version=tlsv1.3", true),
        ("ssl_min_protocol_version=''", true), ("ssl_min_protocol_version=1.2", false),
        ("ssl_max_protocol_version=SSLv3", false),
        ("ssl_min_protocol_version=TLSv1.3 ssl_max_protocol_version=TLSv1.2", false),
        ("ssl_max_protocol_version=TLSv1.1", false), ("ssl_max_protocol_version=TLSv1.2", true),
        ("ssl_min_protocol_version='' ssl_max_protocol_version=TLSv1", true),
        ("ssl_min_protocol_version=TLSv1 ssl_max_protocol_version=TLSv1.1", true),
        ("sslmode=disable ssl_max_protocol_version=TLSv1", false),
        ("keepalives_idle=0", false), ("keepalives_idle=-1", false), ("keepalives_idle=1", true),
        ("keepalives_idle=32767", true), ("keepalives_idle=32768", false), ("keepalives_interval=0", false),
        ("keepalives_interval=32768", false), ("keepalives_count=0", false), ("keepalives_count=127", true),
        ("keepalives_count=128", false), ("keepalives=0 keepalives_idle=0", true),
        ("keepalives_idle=0 keepalives_idle=5", true), ("keepalives_idle=''", false),
        ("connect_timeout=3", true), ("connect_timeout=abc", false), ("connect_timeout=1.5", false),
        ("connect_timeout=99999999999", false), ("keepalives=1", true), ("keepalives=yes", false),
        ("keepalives_idle=x", false), ("keepalives_interval=' 5 '", true), ("keepalives_count=5s", false),
        ("tcp_user_timeout=-1", true), ("tcp_user_timeout=1s", false), ("port=65536", false),
        ("port=0", false),
        ("port=5x", false), ("hostaddr=localhost", false), ("application_name='my agent'", true),
        ("sslsni=0", true), ("nonsense=1", false), ("SSLMODE=require", false),
    ]

    @Test("a value is taken by vitald where libpq takes it, and only there", arguments: parameters)
    func agrees(_ example: (text: String, isTaken: Bool)) {
        let mine = (try? PostgresTarget("host=127.0.0.1 user=u dbname=d \(example.text)")) != nil

        #expect(mine == example.isTaken)
        // A port where nobody listens: what libpq does not refuse beforehand fails in connecting.
        let port = example.text.hasPrefix("port=") ? "" : " port=1"
        let connection = PQconnectdb(
            "host=127.0.0.1\(port) user=u dbname=d \(example.text)")
        defer { PQfinish(connection) }
        let words = PQerrorMessage(connection).map { String(cString: $0) } ?? ""
        let hasConnected = words.contains("refused") || words.contains("SSL connection has been closed")
        #expect(hasConnected == example.isTaken, "\(words)")
    }

    @Test(
        "require_auth takes the methods of libpq 16, each once, and either wanted or unwanted",
        arguments: [
            ("scram-sha-256", true), ("!password", true), ("md5,scram-sha-256", true), ("!md5, !none", true),
            ("", true), ("scram", false), ("md5,!none", false), ("md5,md5", false), ("md5,", false),
            ("MD5", false),
        ])
    func methods(_ value: String, _ isTaken: Bool) {
        // The linked libpq need not know the keyword.
        #expect((PostgresValues.problem(with: "require_auth", value) == nil) == isTaken)
    }

    @Test("an encoding that libpq does not know is refused, though only the server would")
    func encodings() throws {
        #expect(throws: URLFault.self) { try PostgresTarget("host=h client_encoding=bogus") }
        #expect(try PostgresTarget("host=h client_encoding=UTF8").parameters.count == 1)
        #expect(try PostgresTarget("host=h client_encoding=auto").parameters.count == 1)
    }

    @Test("what can never connect is refused, though each value is right")
    func contradictions() throws {
        #expect(throws: URLFault.self) {
            try PostgresTarget("host=h sslmode=disable channel_binding=require")
        }
        #expect(try PostgresTarget("host=h channel_binding=require").parameters.count == 1)
        #expect(try PostgresTarget("host=h sslmode=disable channel_binding=prefer").parameters.count == 2)
    }

    @Test("every fault is told without the value")
    func quotesNothing() throws {
        for keyword in [
            "sslmode", "channel_binding", "gssencmode", "target_session_attrs", "ssl_min_protocol_version",
            "connect_timeout", "keepalives", "client_encoding", "port", "hostaddr", "CANARY",
        ] {
            let fault = try #require(throws: URLFault.self) {
                try PostgresTarget("host=h \(keyword)=CANARY")
            }
            #expect(!(fault.fact + fault.remedy).contains("CANARY"), "\(fault)")
        }
    }

    @Test("files are looked at when the configuration is read")
    func files() throws {
        let made = try Certificates()
        try made.sign("agent", for: "DNS:agent")
        try made.sign("other", for: "DNS:other")
        try made.shell(
            """
            cp agent.key open.key && chmod 644 open.key
            echo none > text.pem
            echo '*:*:*:*:x' > pass && chmod 600 pass
            echo '*:*:*:*:x' > openpass && chmod 644 openpass
            """)
        func faults(_ parameters: String) throws -> [String] {
            let words = parameters.split(separator: "DIR", omittingEmptySubsequences: false)
                .joined(separator: made.directory)
            return try readCheck(PostgresKind.self, #"{"url": "postgresql://h/d?\#(words)"}"#).faults
        }
        for parameters in [
            "sslrootcert=DIR/ca.crt&sslmode=verify-full", "sslcert=DIR/agent.crt&sslkey=DIR/agent.key",
            "passfile=DIR/pass", "sslcrl=DIR/text.pem", "sslcrldir=DIR", "sslcert=&sslmode=require",
        ] {
            #expect(try faults(parameters) == [], "\(parameters)")
        }
        for (parameters, fact) in [
            ("sslrootcert=ca.crt", "`sslrootcert` is not an absolute path"),
            ("sslrootcert=DIR/none.crt", "`sslrootcert` cannot be used: \"DIR/none.crt\" cannot be found"),
            ("sslrootcert=/CANARY", "`sslrootcert` cannot be used: the file cannot be found"),
            (
                "sslrootcert=DIR/text.pem",
                "`sslrootcert` cannot be used: no PEM certificate can be read from \"DIR/text.pem\""
            ),
            ("sslrootcert=DIR", "`sslrootcert` cannot be used: \"DIR\" is a directory"),
            ("sslcrldir=DIR/ca.crt", "`sslcrldir` cannot be used: \"DIR/ca.crt\" is not a directory"),
            (
                "sslmode=verify-full",
                "`sslmode` asks for a verified certificate, and `sslrootcert` is missing"
            ),
            ("sslcert=DIR/agent.crt", "`sslcert` is given without `sslkey`"),
            ("sslkey=DIR/agent.key", "`sslkey` is given without `sslcert`"),
            (
                "sslcert=DIR/agent.crt&sslkey=DIR/other.key",
                "`sslcert` and `sslkey` do not match: the key belongs to another certificate"
            ),
            (
                "sslcert=DIR/agent.crt&sslkey=DIR/open.key",
                "`sslkey` cannot be used: \"DIR/open.key\" is open to others (mode 0644)"
            ),
            (
                "passfile=DIR/openpass",
                "`passfile` cannot be used: \"DIR/openpass\" is open to others (mode 0644)"
            ),
            ("passfile=~/.pgpass", "`passfile` is not an absolute path"),
        ] {
            let expected = fact.split(separator: "DIR", omittingEmptySubsequences: false)
                .joined(separator: made.directory)
            let found = try faults(parameters)
            #expect(found.count == 1, "\(parameters): \(found)")
            #expect(found.first?.hasPrefix("line 1: checks[0].url: \(expected). ") == true, "\(found)")
        }
    }

    @Test("what nobody configured is given to libpq as a file that cannot be")
    func nothingFromHome() throws {
        let read = try readCheck(PostgresKind.self, #"{"url": "postgresql://h/d?sslcert="}"#)
        let list = PostgresParameters(kind: read.kind, address: nil, timeout: .seconds(1)).list(.all)

        for keyword in ["passfile", "sslcert", "sslkey", "sslrootcert", "sslcrl"] {
            #expect(list.last { $0.keyword == keyword }?.value == "/dev/null/none", "\(keyword)")
        }
    }

    @Test("the variables that libpq reads are known, those of the linked one among them")
    func variables() {
        for name in [
            "PGHOST", "PGPASSWORD", "PGSERVICE", "PGSSLMODE", "PGOPTIONS", "PGPASSFILE", "PGSERVICEFILE",
        ] {
            #expect(PostgresLibrary.variables.contains(name), "\(name)")
        }
        #expect(PostgresLibrary.knows("sslmode"))
        #expect(!PostgresLibrary.knows("nonsense"))
        #expect(PostgresLibrary.version.split(separator: ".").allSatisfy { Int($0) != nil })
    }
}

@Suite("The certificate and key of a check")
struct ClientIdentityTests {
    @Test("a key that does not match its certificate is refused when the configuration is read")
    func pairs() throws {
        let made = try Certificates()
        try made.sign("agent", for: "DNS:agent")
        try made.sign("other", for: "DNS:other")
        try made.shell("cat ca.crt agent.crt > swapped.crt; cat agent.crt ca.crt > chain.crt")
        let keys = [
            "agent": try String(decoding: made.bytes("agent.key"), as: UTF8.self),
            "other": try String(decoding: made.bytes("other.key"), as: UTF8.self),
        ]
        func faults(_ certificate: String, _ key: String) throws -> [String] {
            let json = #"""
                {"type": "http", "url": "https://h/",
                 "tls": {"certFile": "\#(made.path(certificate + ".crt"))", "keyFile": "\#(made.path(key + ".key"))"}}
                """#
            return try WireBench.read(json, readSecret: { _ in keys[key] }).reading.faults.map(\.fact)
        }

        #expect(try faults("agent", "agent") == [])
        #expect(try faults("chain", "agent") == [])
        #expect(
            try faults("agent", "other") == [
                "`certFile` and `keyFile` do not match: the key belongs to another certificate"
            ])
        #expect(
            try faults("swapped", "agent") == [
                "`certFile` and `keyFile` do not match: the certificate file begins with another certificate"
            ])
    }
}
