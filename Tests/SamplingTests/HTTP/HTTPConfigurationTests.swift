// SPDX-License-Identifier: Apache-2.0

import Testing
import Vitals

@testable import Outbound
@testable import Sampling

@Suite("The configuration of http and tcp checks")
struct HTTPConfigurationTests {
    private func faults(_ json: String) throws -> [String] {
        try WireBench.read(json).reading.faults.map { "\($0.path): \($0.fact). \($0.remedy)" }
    }

    @Test(
        "refuses what cannot work, naming place, fact and remedy",
        arguments: [
            (#""url": "localhost/health""#, "url: has no scheme. "),
            (#""url": "ftp://localhost/""#, "url: is neither http, https nor unix. "),
            (#""url": "http:/localhost/""#, "url: has no // after the scheme. "),
            (#""url": "http://""#, "url: has no host. "),
            (#""url": "http://:80/""#, "url: has no host. "),
            (#""url": "http://a b/""#, "url: has a host or a port that cannot be. "),
            (#""url": "http://bücher.example/""#, "url: has a host or a port that cannot be. "),
            (#""url": "http://h:0/""#, "url: has a host or a port that cannot be. "),
            (#""url": "http://h:65536/""#, "url: has a host or a port that cannot be. "),
            (#""url": "http://h:/""#, "url: has a host or a port that cannot be. "),
            (#""url": "http://h:8x/""#, "url: has a host or a port that cannot be. "),
            (#""url": "http://::1/""#, "url: has a host or a port that cannot be. "),
            (#""url": "http://[::1/""#, "url: has a host or a port that cannot be. "),
            (#""url": "http://[localhost]/""#, "url: has a host or a port that cannot be. "),
            (
                #""url": "http://h/a b""#,
                "url: has blanks, control characters or bytes beyond ASCII in its path. "
            ),
            (#""url": "http://h/a\r\nX: y""#, "url: has blanks, control characters"),
            (#""url": "http://a:%zz@h/""#, "url: has a broken % sequence before the @. "),
            (#""url": "unix:relative:/""#, "url: has no absolute socket path of at most 107 bytes. "),
            (#""url": 5"#, "url: is a number, not a string. "),
            (#""method": "BREW""#, #"method: "BREW" is not known. "#),
            (#""method": "CONNECT""#, #"method: "CONNECT" is not known. "#),
            (#""headers": {"X\r\nY": "1"}"#, "headers: header 1: this is not a valid header name. "),
            (#""headers": {"X": "1\r\nY: 2"}"#, #"headers: "X": the value holds a line feed"#),
            (#""headers": {"": "1"}"#, "headers: header 1: this is not a valid header name. "),
            (
                #""headers": {"Authorization: Bearer CANARY": ""}"#,
                "headers: header 1: this is not a valid header name"
            ),
            (#""headers": {"X": 1}"#, "headers.X: is a number, not a string. "),
            (
                #""headers": {"Content-Length": "1"}"#,
                #"headers: "Content-Length" is written by vitald itself. "#
            ),
            (#""headers": {"transfer-encoding": "x"}"#, #"headers: "transfer-encoding" is written by"#),
            (#""headers": {"A": "1", "a": "2"}"#, #"headers: "a" is listed twice. "#),
            (#""headerFiles": {"A": "/etc/none"}"#, #"headerFiles: "A": /etc/none cannot be read. "#),
            (#""headerFiles": {"A": "/none"}"#, #"headerFiles: "A": is not the path of a file. "#),
            (#""headerFiles": {"A": "CANARY"}"#, #"headerFiles: "A": is not an absolute path. "#),
            (#""body": "x""#, "body: a GET request has no body. "),
            (#""expect": {"status": []}"#, "expect.status: is empty"),
            (#""expect": {"status": ["abc"]}"#, #"expect.status: "abc" is not a range of status codes. "#),
            (#""expect": {"status": ["299-200"]}"#, #"expect.status: "299-200" is not a range"#),
            (#""expect": {"status": ["99"]}"#, #"expect.status: "99" is not a range"#),
            (#""expect": {"status": ["200-600"]}"#, #"expect.status: "200-600" is not a range"#),
            (#""expect": {"warnStatus": ["6xx"]}"#, #"expect.warnStatus: "6xx" is not a range"#),
            (#""expect": {"status": [200]}"#, "expect.status[0]: is a number, not a string. "),
            (#""expect": {"bodyContains": ""}"#, "expect.bodyContains: is empty. "),
            (
                #""expect": {"bodyMatches": "("}"#,
                "expect.bodyMatches: is not a regular expression: Unmatched ("
            ),
            (#""expect": {"bodyMatches": "a{2,1}"}"#, "expect.bodyMatches: is not a regular expression: "),
            (#""expect": {"json": {"status": 1}}"#, #"expect.json: "status" is not a JSON pointer"#),
            (#""expect": {"json": {"/a~2": 1}}"#, #"expect.json: "/a~2" is not a JSON pointer"#),
            (#""expect": {"json": ["/a"]}"#, "expect.json: is a list, not an object. "),
            (#""method": "HEAD", "expect": {"bodyContains": "x"}"#, "expect: the answer to HEAD has no body"),
            (#""expect": {"statuss": ["200"]}"#, "expect.statuss: "),
            (#""followRedirects": 4"#, "followRedirects: 4 is outside 0 to 3. "),
            (#""warnLatency": "2s", "failLatency": "1s""#, "failLatency: is not longer than `warnLatency`. "),
            (#""url": "http://h/", "tls": {}"#, "tls: is set, but the URL is without TLS. "),
            (
                #""tls": {"caFile": "/etc/none.pem"}"#,
                #"tls.caFile: no PEM certificate can be read from "/etc/none.pem". "#
            ),
            (#""tls": {"caFile": "none.pem"}"#, "tls.caFile: is not an absolute path. "),
            (#""tls": {"certFile": "/none.pem"}"#, "tls.certFile: no PEM certificate can be read"),
            (#""tls": {"keyFile": "/none.pem"}"#, "tls.keyFile: is set without `certFile`. "),
            (#""tls": {"serverName": "10.0.0.1"}"#, #"tls.serverName: "10.0.0.1" is not a host name. "#),
            (#""tls": {"serverName": "h:443"}"#, #"tls.serverName: "h:443" is not a host name. "#),
            (#""tls": {"serverName": "https://h"}"#, "tls.serverName: the value is not a host name. "),
            (#""url": " https://h/""#, "url: begins or ends with a blank. "),
            (#""url": "https://h/\n""#, "url: begins or ends with a blank. "),
            (#""expect": {"bodyMatches": "\\d+"}"#, #"expect.bodyMatches: has \d, "#),
            (
                #""tls": {"warnExpiry": "1d", "failExpiry": "2d"}"#,
                "tls.failExpiry: is longer than `warnExpiry`. "
            ),
            (
                #""url": "https://u:p@h/", "headers": {"authorization": "x"}"#,
                "url: holds a user beside a header Authorization. "
            ),
        ])
    func refused(_ keys: String, _ beginning: String) throws {
        let url = keys.hasPrefix(#""url""#) ? "" : #""url": "https://example.com/", "#

        let faults = try faults(#"{"type": "http", \#(url)\#(keys)}"#)

        #expect(faults.contains { $0.hasPrefix("checks[0]." + beginning) }, "\(faults)")
    }

    @Test(
        "refuses tcp checks that cannot work",
        arguments: [
            (
                #""address": "localhost""#,
                "address: \"localhost\" is neither host:port nor an absolute path. "
            ),
            (#""address": "localhost:0""#, "address: "),
            (#""address": "::1:80""#, "address: "),
            (#""address": """#, "address: is empty. "),
            (#""address": "h:1", "tls": "yes""#, "tls: is a string, not true or false. "),
            (#""address": "h:1", "expectBytes": """#, "expectBytes: is empty. "),
            (#""address": "h:1", "expectBytes": 0"#, "expectBytes: 0 is outside 1 to 65536. "),
            (#""address": "h:1", "expectBytes": true"#, "expectBytes: is true or false, not a string. "),
        ])
    func refusedTCP(_ keys: String, _ beginning: String) throws {
        let faults = try faults(#"{"type": "tcp", \#(keys)}"#)

        #expect(faults.contains { $0.hasPrefix("checks[0]." + beginning) }, "\(faults)")
    }

    @Test("finds all faults at once")
    func many() throws {
        let faults = try faults(
            #"""
            {"type": "http", "url": "x", "method": "y", "followRedirects": -1, "unknown": 1,
             "expect": {"status": ["z"], "bodyMatches": "["}}
            """#)

        #expect(faults.count == 6, "\(faults)")
    }

    @Test("without a URL or an address says what is missing")
    func missing() throws {
        let http = try faults(#"{"type": "http"}"#)
        let tcp = try faults(#"{"type": "tcp"}"#)

        #expect(http.count == 1)
        #expect(http[0].hasPrefix("checks[0]: `url` is missing. "))
        #expect(tcp[0].hasPrefix("checks[0]: `address` is missing. "))
    }

    @Test(
        "names its target without user, password, path and query",
        arguments: [
            ("http://example.com", "http://example.com"),
            ("HTTPS://Example.com:443/CANARY?token=CANARY#x", "https://Example.com"),
            ("http://u:CANARY@example.com:8080/a", "http://example.com:8080"),
            ("http://[::1]:80/", "http://[::1]"),
            ("http://example.com/@CANARY/x?mail=a@b", "http://example.com"),
            ("http://u:CANARY@example.com:8080/@a", "http://example.com:8080"),
            ("http://[fe80::1]/@a", "http://[fe80::1]"),
            ("https://[fe80::1%25eth0]:8443/x", "https://[fe80::1]:8443"),
            ("unix:/run/a.sock:/health?x", "unix:/run/a.sock"),
            ("unix:/run/a.sock", "unix:/run/a.sock"),
        ])
    func target(_ url: String, _ target: String) throws {
        let (kind, reading) = try WireBench.read(#"{"type": "http", "url": "\#(url)"}"#)

        #expect(reading.faults.isEmpty)
        #expect(kind.target.description == target)
    }

    @Test("warns of a password in the URL without showing it, and shows no secret among the effective values")
    func secrets() throws {
        let (_, reading) = try WireBench.read(
            #"""
            {"type": "http", "url": "https://anna:CANARY-1@example.com/", "method": "POST", "body": "CANARY-2",
             "headers": {"X-Api-Key": "CANARY-3", "Accept": "text/plain", "X-Other": "${TOKEN}"},
             "headerFiles": {"X-File": "/secret"}}
            """#, environment: ["TOKEN": "CANARY-4"], readSecret: { _ in "CANARY-5" })
        let shown = reading.warnings.joined()

        #expect(reading.faults.isEmpty)
        #expect(reading.warnings.count == 2)
        #expect(reading.warnings[0].hasPrefix("checks[0].url: a password inside a URL works"))
        #expect(!ByteSearchText.holds("CANARY", shown))
        #expect(ByteSearchText.holds(#""url":"https://***:***@example.com/""#, shown))
        #expect(ByteSearchText.holds(#""Accept":"text/plain""#, shown))
        #expect(ByteSearchText.holds(#""X-Other":"${TOKEN}""#, shown))
    }

    @Test("does not warn of a password that comes from the environment")
    func environment() throws {
        let (kind, reading) = try WireBench.read(
            #"{"type": "http", "url": "http://${WHO}@example.com/"}"#, environment: ["WHO": "anna:CANARY"])

        #expect(reading.faults.isEmpty)
        #expect(reading.warnings.count == 1)  // the effective values, in which there must be none either
        #expect(!ByteSearchText.holds("CANARY", reading.warnings.joined() + kind.target.description))
    }

    @Test(
        "a reference in user and password may stand for anything, and does not become the host",
        arguments: ["p@ss", "pa/ss", "p?a#s", "a:b@c/d?e"])
    func specialCharacters(_ password: String) throws {
        let (kind, reading) = try WireBench.read(
            #"{"type": "http", "url": "https://me:${PW}@h.example:8443/health"}"#,
            environment: ["PW": password])
        let check = try #require(kind as? HTTPCheck)

        #expect(reading.faults.map(\.description) == [])
        #expect(check.target.description == "https://h.example:8443")
        let encoded = Base64Text.encode(Array("me:\(password)".utf8))
        #expect(check.place?.basicCredentials == Secret("Basic " + encoded))
    }

    @Test(
        "masks what stands beside a reference to the environment, paths and queries",
        arguments: [
            #""url": "https://${WHO}:CANARY@example.com/""#, #""url": "https://${WHO}CANARY@example.com/""#,
            #""url": "http://h/", "headers": {"X-Token": "${WHO} CANARY"}"#,
            #""url": "http://h/x?verbose&access_token=CANARY""#, #""url": "http://h/x?t%6Fken=CANARY""#,
            #""url": "http://h/hooks/CANARY""#, #""url": "http://h/?CANARY""#, #""url": "http://h/#CANARY""#,
            #""url": "http://h/${WHO}CANARY""#, #""url": "unix:/run/a.sock:/CANARY""#,
            #""url": "http://h/", "headers": {"Referer": "https://h/?token=CANARY"}"#,
        ])
    func besideReference(_ members: String) throws {
        let (_, reading) = try WireBench.read(#"{"type": "http", \#(members)}"#, environment: ["WHO": "anna"])

        #expect(reading.faults.isEmpty)
        #expect(!ByteSearchText.holds("CANARY", reading.warnings.joined()))
    }

    @Test("shows effective values that can be read again")
    func effective() throws {
        for json in [
            #"{"type": "http", "url": "http://h/"}"#, #"{"type": "http", "url": "https://h/"}"#,
            #"{"type": "http", "url": "https://h/", "tls": {"verify": false}}"#,
            #"{"type": "tcp", "address": "h:1"}"#, #"{"type": "tcp", "address": "h:1", "tls": true}"#,
        ] {
            let first = try #require(try WireBench.read(json).reading.warnings.last).dropFirst(
                "effective ".count)
            let kind = json.hasPrefix(#"{"type": "http""#) ? "http" : "tcp"
            let again = try WireBench.read(#"{"type": "\#(kind)", "# + String(first.dropFirst()))

            #expect(again.reading.faults.map(\.description) == [], "\(first)")
            #expect(again.reading.warnings.last?.dropFirst("effective ".count) == first)
        }
    }
}
