// SPDX-License-Identifier: Apache-2.0

import Outbound
import Testing
import Vitals

@testable import Sampling

@Suite("Postgres: the url")
struct PostgresTargetTests {
    @Test(
        "every form leads to the same place",
        arguments: [
            "postgresql://vitald:CANARY@db.example:6543/agno",
            "postgres://vitald:CANARY@db.example:6543/agno",
            "postgresql+psycopg://vitald:CANARY@db.example:6543/agno",
            "POSTGRESQL+asyncpg://vitald:CANARY@db.example:6543/agno",
            "postgresql://db.example:6543/agno?user=vitald&password=CANARY",
            "postgresql://%76itald:%43ANARY@db.example:6543/%61gno",
            "host=db.example port=6543 user=vitald password=CANARY dbname=agno",
            "host = db.example port='6543'  user=vitald password='CANARY' dbname = agno",
        ])
    func forms(_ text: String) throws {
        let target = try PostgresTarget(text)

        #expect(target.host == "db.example")
        #expect(target.port == 6543)
        #expect(target.user == "vitald")
        #expect(target.database == "agno")
        #expect(target.password == Secret("CANARY"))
        #expect(target.text == "db.example:6543/agno")
        #expect(target.shown == "postgresql://***:***@db.example:6543/agno")
    }

    @Test("user and database are never left to libpq, whose defaults fill the server's log")
    func defaults() throws {
        let target = try PostgresTarget("postgresql://db.example")

        #expect(target.user == "vitald")
        #expect(target.database == "postgres")
        #expect(target.port == 5432)
    }

    @Test(
        "a directory is a Unix socket",
        arguments: [
            "postgresql:///agno?host=/run/postgresql", "postgresql://%2Frun%2Fpostgresql/agno",
            "host=/run/postgresql dbname=agno",
        ])
    func sockets(_ text: String) throws {
        let target = try PostgresTarget(text)

        #expect(target.isLocal)
        #expect(target.host == "/run/postgresql")
        #expect(target.text == "/run/postgresql:5432/agno")
    }

    @Test("an IPv6 address stands in brackets, in and out")
    func bracketed() throws {
        let target = try PostgresTarget("postgresql://[::1]:6000/x")

        #expect(target.host == "::1")
        #expect(target.text == "[::1]:6000/x")
    }

    @Test("passwords may hold whatever they like")
    func odd() throws {
        #expect(try PostgresTarget("postgresql://u:a@b#c@h/d").password == Secret("a@b#c"))
        #expect(try PostgresTarget("postgresql://u:a%2Fb%3F@h/d").password == Secret("a/b?"))
        #expect(try PostgresTarget(#"host=h password='it\'s \\ me'"#).password == Secret(#"it's \ me"#))
    }

    @Test("libpq's other parameters are handed on, those that mean nothing here are not")
    func parameters() throws {
        let target = try PostgresTarget(
            "postgresql://h/d?sslmode=require&connect_timeout=3&options=-c%20a=b")

        #expect(target.parameters.map(\.keyword) == ["sslmode", "options"])
        #expect(target.shown == "postgresql://***@h:5432/d?***")
        #expect(try PostgresTarget(target.shown).shown == "postgresql://***@h:5432/d")
    }

    @Test(
        "a fault says what is wrong and what to do, and never repeats a password",
        arguments: [
            ("mysql://u:CANARY@h/d", "the scheme is not postgresql"),
            ("postgresql://u:CANARY@h1,h2/d", "names several hosts"),
            ("host=h1,h2 password=CANARY", "names several hosts"),
            ("postgresql://u:CANARY@h:0/d", "the port is not a number from 1 to 65535"),
            ("postgresql://u:CANARY@h:99999/d", "the port is not a number from 1 to 65535"),
            ("postgresql://u:CANARY/1@h/d", "the port is not a number from 1 to 65535"),
            ("postgresql://u:1/CANARY@h/d", "holds an @ after the first slash"),
            ("postgresql://u:1?CANARY@h/d", "parameter 1 of the query has no value"),
            ("postgresql://u:1?CANARY=x@h/d", "parameter 1 is not supported"),
            ("jdbc:postgresql://h/d?user=u&password=CANARY", "is a JDBC URL"),
            ("jdbc:postgresql://u:CANARY@h/d", "is a JDBC URL"),
            ("password=abc CANARY=x", "word 2 is not supported"),
            ("host=h dbname=postgresql://u:CANARY@h/d", "`dbname` holds a whole connection string"),
            ("host='CAN ARY' user=u", "the host is neither a name, an address nor the directory of a socket"),
            ("postgresql://u:CANARY@::1/d", "the host has several colons"),
            ("postgresql://u:CANARY@[::1/d", "the bracket of the IPv6 address is not closed"),
            (
                "postgresql://u:CANARY%zz@h/d",
                "the password has a % that two hexadecimal digits do not follow"
            ),
            (
                "postgresql://u:CANARY%00@h/d",
                "the password has a % that two hexadecimal digits do not follow"
            ),
            ("postgresql://u:CANARY%ff@h/d", "the password is not UTF-8"),
            ("postgresql://u:CANARY@h/d?sslmod=on", "parameter 1 is not supported"),
            ("postgresql://u:CANARY@h/d?sslmode", "parameter 1 of the query has no value"),
            ("host=h password=CANARY service=x", "`service` points to another file"),
            ("host=h password='CANARY", "the quote in word 2 is not closed"),
            ("host=h password=a CANARY", "word 3 is not of the form keyword=value"),
            ("hostaddr=name password=CANARY", "`hostaddr` is not an address in numbers"),
        ])
    func faults(_ text: String, _ fact: String) throws {
        let fault = try #require(throws: URLFault.self) { try PostgresTarget(text) }

        #expect(fault.fact == fact)
        #expect(!fault.remedy.isEmpty)
        #expect(!(fault.fact + fault.remedy).contains("CANARY"))
    }

    @Test("a colon in a keyword string does not make it a URL")
    func keywordWithColon() throws {
        let target = try PostgresTarget("password=CANARY://x host=h")

        #expect(target.password == Secret("CANARY://x"))
        #expect(target.text == "h:5432/postgres")
    }

    @Test(
        "what a reference stands for does not change the parts of the url",
        arguments: ["p@ss", "pa/ss", "p?a#s=&", "a:b@c/d?e", "it's", #"back\slash"#, "two words", ""])
    func references(_ password: String) throws {
        for written in [
            "postgresql://me:${PW}@h.example:6000/d", "postgresql://me@h.example:6000/d?password=${PW}",
            "host=h.example port=6000 user=me password=${PW} dbname=d",
            "host=h.example port=6000 user=me password='${PW}' dbname=d",
        ] {
            let read = try readCheck(
                PostgresKind.self, #"{"url": "\#(written)"}"#, environment: ["PW": password])

            #expect(read.faults == [], "\(written)")
            #expect(read.kind.target.description == "h.example:6000/d")
            #expect(read.kind.password == (password.isEmpty ? nil : Secret(password)), "\(written)")
            #expect(read.kind.database.user == "me")
        }
    }

    @Test(
        "references may stand for host, port, database and the whole",
        arguments: [
            "${WHOLE}", "postgresql://${AUTHORITY}/d", "postgresql://me@${PLACE}/d",
            "postgresql://me@h:6000/${DB}", "host=${HOST} port=6000 dbname=${DB}", "${WORDS} dbname=d",
        ])
    func wholeReferences(_ written: String) throws {
        let environment = [
            "WHOLE": "postgresql://me:x@h:6000/d", "AUTHORITY": "me:x@h:6000", "PLACE": "h:6000", "DB": "d",
            "HOST": "h", "WORDS": "host=h port=6000",
        ]

        let read = try readCheck(
            PostgresKind.self, #"{"url": "\#(written)"}"#, environment: environment)

        #expect(read.faults == [])
        #expect(read.kind.target.description == "h:6000/d")
    }

    @Test("a SQLSTATE is found in whatever language stands before it")
    func states() {
        let german = "Verbindung zum Server auf »127.0.0.1« fehlgeschlagen: FATAL:  53300\n"
        let two = "connection failed: FATAL:  28P01\nconnection failed: FATAL:  28000\n"

        #expect(SQLState(endOfLineIn: Array(german.utf8)) == "53300")
        #expect(SQLState(endOfLineIn: Array(two.utf8)) == "28000")
        #expect(SQLState(endOfLineIn: Array("Is the server running?  Maybe\n".utf8)) == nil)
        #expect(SQLState(endOfLineIn: Array("Connection refused".utf8)) == nil)
        #expect(SQLState(endOfLineIn: []) == nil)
    }
}

@Suite("Postgres: the configuration")
struct PostgresKindTests {
    @Test("every key is read")
    func everyKey() throws {
        let json = """
            {"url": "postgresql+psycopg://agent@db:6000/agno", "passwordFile": "/s", "query": "SELECT 2",
             "warnLatency": "250ms", "role": "standby", "warnReplicationLag": "10s", "failReplicationLag": "1m",
             "warnConnectionsPercent": 80, "statistics": true}
            """

        let read = try readCheck(PostgresKind.self, json, secrets: ["/s": "CANARY-file"])

        #expect(read.faults == [])
        #expect(read.warnings == [])
        #expect(read.kind.target.description == "db:6000/agno")
        #expect(read.kind.password == Secret("CANARY-file"))
        #expect(read.kind.query == "SELECT 2")
        #expect(read.kind.warnLatency == .milliseconds(250))
        #expect(read.kind.role == .standby)
        #expect(read.kind.warnReplicationLag == .seconds(10))
        #expect(read.kind.failReplicationLag == .seconds(60))
        #expect(read.kind.warnConnectionsPercent == 80)
        #expect(read.kind.statistics)
        #expect(!read.shown.contains("CANARY"))
    }

    @Test("a password in the url works, warns once and is not shown")
    func passwordInURL() throws {
        let read = try readCheck(PostgresKind.self, #"{"url": "postgresql://u:CANARY-url@h/d"}"#)

        #expect(read.faults == [])
        #expect(read.warnings.count == 1)
        #expect(read.kind.password == Secret("CANARY-url"))
        #expect(read.shown.contains("postgresql://***:***@h:5432/d"))
        #expect(
            !(read.shown + read.warnings.joined() + read.kind.target.description + "\(read.kind)").contains(
                "CANARY"))
    }

    @Test("a password from the environment does not warn and is not shown")
    func passwordFromEnvironment() throws {
        let read = try readCheck(PostgresKind.self, #"{"url": "postgresql://u:${SECRET}@h/d"}"#)

        #expect(read.faults == [])
        #expect(read.warnings == [])
        #expect(read.kind.password == Secret("CANARY-environment"))
        #expect(!read.shown.contains("CANARY"))
    }

    @Test(
        "a fault names the place, the fact and the remedy",
        arguments: [
            (
                "{}",
                "line 1: checks[0]: `url` is missing. Add it, for example \"url\": \"postgresql://vitald@localhost:5432/agno_data\"."
            ),
            (#"{"url": 5}"#, "line 1: checks[0].url: is a number, not a string. Write a string."),
            (
                #"{"url": ""}"#,
                "line 1: checks[0].url: is empty. Write for example \"postgresql://vitald@localhost:5432/agno_data\"."
            ),
            (
                #"{"url": "postgresql://a,b/d"}"#,
                "line 1: checks[0].url: names several hosts. Write one check per server, so that each has its own verdict."
            ),
            (
                #"{"url": "postgresql://h/d", "warnReplicationLag": "10s", "failReplicationLag": "5s"}"#,
                "line 1: checks[0].failReplicationLag: 5s is not above warnReplicationLag (10s). Raise it, or lower warnReplicationLag."
            ),
            (
                #"{"url": "postgresql://h/d", "role": "primary", "warnReplicationLag": "10s"}"#,
                "line 1: checks[0].warnReplicationLag: a primary has no replication lag. Remove it, or check the standby with \"role\": \"standby\"."
            ),
            (
                #"{"url": "postgresql://h/d", "query": ""}"#,
                "line 1: checks[0].query: is empty. Write a query, or remove the line to get SELECT 1."
            ),
            (
                #"{"url": "postgresql://u:CANARY@h/d", "passwordFile": "/s"}"#,
                "line 1: checks[0].url: holds a password beside `passwordFile` or `passwordCredential`. Remove it from the url."
            ),
        ])
    func faults(_ json: String, _ sentence: String) throws {
        let read = try readCheck(PostgresKind.self, json, secrets: ["/s": "CANARY-file"])

        #expect(read.faults == [sentence])
    }
}
