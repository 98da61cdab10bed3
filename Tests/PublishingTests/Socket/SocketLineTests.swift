// SPDX-License-Identifier: Apache-2.0

import Testing
import Vitals

@testable import Publishing

@Suite("lines of the socket")
struct SocketLineTests {
    /// A line as bytes and the answer that it must get, to the byte.
    struct Row: Sendable, CustomTestStringConvertible {
        let what: String
        let line: [UInt8]
        let answer: String
        var testDescription: String { what }

        init(_ what: String, _ line: String, _ answer: String) {
            self.init(what, bytes: Array(line.utf8), answer)
        }

        init(_ what: String, bytes: [UInt8], _ answer: String) {
            self.what = what
            line = bytes
            self.answer = answer
        }
    }

    private static func parse(_ column: Int, _ what: String) -> String {
        #"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"not valid JSON: column \#(column): \#(what)","data":{"kind":"parse","column":\#(column)}}}"#
    }

    private static func invalid(_ what: String, id: String = "null") -> String {
        #"{"jsonrpc":"2.0","id":\#(id),"error":{"code":-32600,"message":"\#(what)","data":{"kind":"invalid_request"}}}"#
    }

    private static func pong(_ id: String) -> String {
        #"{"jsonrpc":"2.0","id":\#(id),"result":{"pong":true,"tick":0,"generation":1}}"#
    }

    private static func ping(_ rest: String) -> String { #"{"jsonrpc":"2.0","method":"ping"\#(rest)}"# }

    static let rows: [Row] = [
        Row("the plain form", #"{"jsonrpc":"2.0","id":1,"method":"ping"}"#, pong("1")),
        Row("blanks and a CR", " { \"jsonrpc\" : \"2.0\",\t\"id\":1 , \"method\":\"ping\" } \r", pong("1")),
        Row("members in another order", #"{"method":"ping","params":{},"id":1,"jsonrpc":"2.0"}"#, pong("1")),
        Row("an unknown member", ping(#","id":1,"trace":[1,{"a":null}]"#), pong("1")),
        Row("unknown parameters", ping(#","id":1,"params":{"x":1}"#), pong("1")),
        Row("params null", ping(#","id":1,"params":null"#), pong("1")),
        Row("an escaped method", #"{"jsonrpc":"2.0","id":1,"method":"\u0070ing"}"#, pong("1")),
        Row("a text as id", ping(#","id":"a b""#), pong(#""a b""#)),
        Row("an escaped text as id", ping(#","id":"\u00e9\"""#), pong(#""\u00e9\"""#)),
        Row("an empty text as id", ping(#","id":"""#), pong(#""""#)),
        Row("null as id", ping(#","id":null"#), pong("null")),
        Row("a negative id", ping(#","id":-7"#), pong("-7")),
        Row("a fraction as id", ping(#","id":1.50"#), pong("1.50")),
        Row("an exponent as id", ping(#","id":1e3"#), pong("1e3")),
        Row(
            "an id beyond 64 bits", ping(#","id":123456789012345678901234567890"#),
            pong("123456789012345678901234567890")),
        Row("zero as id", ping(#","id":0"#), pong("0")),
        Row(
            "true as id", ping(#","id":true"#),
            invalid(#"\"id\" is true or false; a string or a number is needed"#)),
        Row(
            "a list as id", ping(#","id":[1]"#), invalid(#"\"id\" is a list; a string or a number is needed"#)
        ),
        Row("an id with a leading zero", ping(#","id":01"#), parse(39, "a number with a leading zero")),
        Row(
            "a batch", #"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#,
            invalid("batches are not taken; send one object per line")),
        Row("an empty batch", "[]", invalid("batches are not taken; send one object per line")),
        Row("a batch of no requests", "[1,2,3]", invalid("batches are not taken; send one object per line")),
        Row(
            "a batch of notifications", #"[{"jsonrpc":"2.0","method":"ping"}]"#,
            invalid("batches are not taken; send one object per line")),
        Row(
            "invalid JSON, as in the specification",
            #"{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]"#,
            parse(40, "expected a comma or the end of the object, found 'p'")),
        Row(
            "an invalid request, as in the specification",
            #"{"jsonrpc": "2.0", "method": 1, "params": "bar"}"#,
            invalid(#"\"method\" is a number; a string is needed"#)),
        Row("an empty object", "{}", invalid(#"\"jsonrpc\" must be \"2.0\""#)),
        Row("JSON-RPC 1 without an id", #"{"method":"ping"}"#, invalid(#"\"jsonrpc\" must be \"2.0\""#)),
        Row("no method and no id", #"{"jsonrpc":"2.0"}"#, invalid(#"\"method\" is missing"#)),
        Row(
            "parameters that are no structure", #"{"jsonrpc":"2.0","method":"ping","params":"bar"}"#,
            invalid(#"\"params\" is a string; an object is needed"#)),
        Row(
            "the same with an id", ping(#","id":4,"params":7"#),
            invalid(#"\"params\" is a number; an object is needed"#, id: "4")),
        Row("a text", #""ping""#, invalid("a request is an object, this is a string")),
        Row("a number", "7", invalid("a request is an object, this is a number")),
        Row("an empty object with an id", #"{"id":4}"#, invalid(#"\"jsonrpc\" must be \"2.0\""#, id: "4")),
        Row(
            "JSON-RPC 1", #"{"jsonrpc":"1.0","id":4,"method":"ping"}"#,
            invalid(#"\"jsonrpc\" must be \"2.0\""#, id: "4")),
        Row("no method", #"{"jsonrpc":"2.0","id":4}"#, invalid(#"\"method\" is missing"#, id: "4")),
        Row(
            "a number as method", #"{"jsonrpc":"2.0","id":4,"method":1}"#,
            invalid(#"\"method\" is a number; a string is needed"#, id: "4")),
        Row(
            "an unknown method", #"{"jsonrpc":"2.0","id":4,"method":"pong"}"#,
            #"{"jsonrpc":"2.0","id":4,"error":{"code":-32601,"message":"there is no method \"pong\"; describe lists those there are","data":{"kind":"unknown_method"}}}"#
        ),
        Row(
            "parameters by position", ping(#","id":4,"params":[1]"#),
            #"{"jsonrpc":"2.0","id":4,"error":{"code":-32602,"message":"params: is a list; parameters go by name, in an object","data":{"kind":"invalid_parameter","name":"params"}}}"#
        ),
        Row(
            "a duplicate key", #"{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}"#,
            parse(25, #"the key \"id\" is listed twice"#)),
        Row(
            "half an object", #"{"jsonrpc":"2.0","#,
            parse(18, "the text ends inside an object")),
        Row(
            "bad UTF-8", bytes: Array(#"{"a":""#.utf8) + [0xC3, 0x28] + Array(#""}"#.utf8),
            parse(7, "a byte that is not UTF-8")),
        Row("a NUL", bytes: [0], parse(1, "expected a value, found the byte 0x0")),
        Row(
            "a NUL in a text", bytes: Array(#"{"a":""#.utf8) + [0] + Array(#""}"#.utf8),
            parse(7, "a control character inside a string")),
        Row(
            "a byte order mark", bytes: [0xEF, 0xBB, 0xBF] + Array("{}".utf8),
            parse(1, "the text begins with a byte order mark")),
        Row(
            "UTF-16", bytes: [0xFF, 0xFE, 0x7B, 0x00], parse(1, "the text is not UTF-8 but looks like UTF-16")
        ),
        Row("NaN", #"{"jsonrpc":"2.0","id":NaN,"method":"ping"}"#, parse(23, "expected a value, found 'N'")),
        Row("nested too deep", String(repeating: "[", count: 33), parse(33, "nested deeper than 32")),
        Row(
            "a trailing comma", #"{"jsonrpc":"2.0","id":1,"method":"ping",}"#,
            parse(41, "a comma before the end of the object")),
        Row("two objects", "{} {}", parse(4, "more text after the end of the value: '{'")),
    ]

    @Test("every kind of line gets its exact answer, and the connection stays", arguments: rows)
    func answers(row: Row) throws {
        let scene = try SocketScene()
        let peer = try scene.peer()

        try peer.send(row.line + [0x0A])

        #expect(try peer.line() == row.answer)
        try peer.send(#"{"jsonrpc":"2.0","id":9,"method":"ping"}"# + "\n")
        #expect(try peer.line() == Self.pong("9"))
    }

    @Test(
        "a valid notification is never answered, whatever comes of it",
        arguments: [
            #"{"jsonrpc": "2.0", "method": "update", "params": [1,2,3,4,5]}"#,
            #"{"jsonrpc": "2.0", "method": "foobar"}"#, #"{"jsonrpc":"2.0","method":"ping"}"#,
            #"{"jsonrpc":"2.0","method":"ping","params":[1]}"#,
            #"{"jsonrpc":"2.0","method":"checks.get","params":{"name":7}}"#,
        ])
    func silence(_ notification: String) throws {
        let scene = try SocketScene()
        let peer = try scene.peer()

        try peer.send(notification + "\n" + #"{"jsonrpc":"2.0","id":9,"method":"ping"}"# + "\n")

        #expect(try peer.line() == Self.pong("9"))
    }

    @Test("what a caller wrote comes back with at most 64 bytes of it, cut between two characters")
    func echoes() throws {
        let scene = try SocketScene()
        let long = String(repeating: "é", count: 20_000)
        let cut = String(repeating: "é", count: 32) + "…"
        let peer = try scene.peer()
        func fault(_ line: String) throws -> SocketFault {
            try peer.send(line + "\n")
            return SocketFault(reading: try #require(try peer.value()["error"]))
        }

        let method = try fault(#"{"jsonrpc":"2.0","id":1,"method":"\#(long)"}"#)
        #expect(method.message == "there is no method \"\(cut)\"; describe lists those there are")
        let plain = try fault(#"{"jsonrpc":"2.0","id":1,"method":"\#(String(repeating: "a", count: 65))"}"#)
        #expect(plain.message.contains("\"" + String(repeating: "a", count: 64) + "…\""))
        for (name, parameter) in [
            ("checks.get", "name"), ("history", "name"), ("checks.run", "name"), ("describe", "method"),
        ] {
            let fault = try fault(
                #"{"jsonrpc":"2.0","id":1,"method":"\#(name)","params":{"\#(parameter)":"\#(long)"}}"#)
            #expect(fault.code == -32020 && fault.message.contains("\"\(cut)\""), "\(name)")
            #expect(fault.details == [Fact("name", .text(cut))], "\(name)")
        }
        let topics = try fault(
            #"{"jsonrpc":"2.0","id":1,"method":"subscribe","params":{"topics":["\#(long)"]}}"#)
        #expect(topics.message.contains("there is no topic \"\(cut)\""))
        let twice = try fault(#"{"\#(long)":1,"\#(long)":2}"#)
        #expect(twice.message.utf8.count < 200)
        #expect(scene.notes.all.allSatisfy { $0.utf8.count < 200 }, "the log, too")
    }

    @Test("a text is cut at 64 bytes, before a character that would be broken")
    func cuts() {
        #expect(Echo.cut("") == "" && Echo.cut("ping") == "ping")
        let exact = String(repeating: "a", count: 64)
        #expect(Echo.cut(exact) == exact)
        #expect(Echo.cut(exact + "a") == exact + "…")
        // Four bytes from the 62nd on.
        #expect(Echo.cut(String(exact.dropLast(2)) + "😀") == String(exact.dropLast(2)) + "…")
        #expect(Echo.cut(String(exact.dropLast(4)) + "😀b") == String(exact.dropLast(4)) + "😀…")
    }

    @Test("a line that arrives byte by byte is answered like any other")
    func pieces() throws {
        let scene = try SocketScene()
        let peer = try scene.peer()

        for byte in Array(#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#.utf8) { try peer.send([byte]) }
        try peer.send("\n")

        #expect(try peer.line() == Self.pong("1"))
    }

    @Test(
        "pipelined calls are answered in order, empty lines are nothing, and the last line needs no line feed"
    )
    func pipelined() throws {
        let scene = try SocketScene()
        let peer = try scene.peer()

        var burst = ""
        for id in 1...2000 { burst += #"{"jsonrpc":"2.0","id":\#(id),"method":"ping"}"# + "\n\r\n" }
        try peer.send(burst + #"{"jsonrpc":"2.0","id":2001,"method":"ping"}"#)
        peer.endSending()

        for id in 1...2001 { try #require(try peer.line() == Self.pong("\(id)")) }
        #expect(try peer.lineOrEnd() == nil)
    }

    @Test("a line of exactly the limit is read; one byte more is an error and the next line works")
    func bounds() throws {
        let scene = try SocketScene()
        let peer = try scene.peer()
        let frame = #"{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":""}}"#.utf8.count
        let padding = String(repeating: "x", count: 65_536 - frame)
        func padded(_ extra: String) -> String {
            #"{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":"\#(padding)\#(extra)"}}"# + "\n"
        }
        let tooLong =
            #"{"jsonrpc":"2.0","id":null,"error":{"code":-32003,"message":"a line is longer than 65536 bytes; it was dropped up to its line feed","data":{"kind":"line_too_long","limit":65536}}}"#

        try peer.send(padded(""))
        #expect(try peer.line() == Self.pong("1"))
        try peer.send(padded("y") + #"{"jsonrpc":"2.0","id":2,"method":"ping"}"# + "\n")
        #expect(try peer.line() == tooLong)
        #expect(try peer.line() == Self.pong("2"))
        try peer.send(padded("y"))
        #expect(try peer.line() == tooLong)
        try peer.send(padded("y"))
        #expect(try peer.line() == tooLong)
        #expect(try peer.lineOrEnd() == nil, "the third strike closes")
    }

    @Test("a line that never ends is refused at the limit, once, and costs no memory")
    func endless() throws {
        let scene = try SocketScene()
        let peer = try scene.peer()
        let megabyte = [UInt8](repeating: UInt8(ascii: "a"), count: 1_048_576)

        for _ in 0..<8 { try peer.send(megabyte) }
        try peer.send("\n" + #"{"jsonrpc":"2.0","id":3,"method":"ping"}"# + "\n")

        #expect(try peer.value()["error"]?["code"]?.integer == -32003)
        #expect(try peer.line() == Self.pong("3"))
    }

    @Test("notifications get no answer; refused ones are counted by reason and shown by limits")
    func notifications() throws {
        let scene = try SocketScene()
        let peer = try scene.peer()

        try peer.send(
            """
            {"jsonrpc":"2.0","method":"ping"}
            {"jsonrpc":"2.0","method":"nothing"}
            {"jsonrpc":"2.0","method":"nothing"}
            {"jsonrpc":"2.0","method":"push.heartbeat"}
            {"jsonrpc":"2.0","method":"subscribe"}
            {"jsonrpc":"2.0","id":1,"method":"limits"}

            """)

        let reply = try peer.value()
        #expect(reply["id"]?.integer == 1)
        let dropped = reply["result"]?["dropped"]?.elements.map {
            "\($0["what"]?.string ?? "") \($0["reason"]?.string ?? "") \($0["count"]?.integer ?? 0)"
        }
        #expect(
            dropped == [
                "notification invalid_parameter 1", "notification invalid_request 1",
                "notification unknown_method 2",
            ])
        #expect(
            scene.count(SocketFamilies.requests, ["method": "unknown", "code": "-32601"]) == 2)
    }

    @Test("the plain way and the strict way agree on thousands of damaged lines")
    func agreement() {
        var random = SystemRandomNumberGenerator()
        let seeds = Self.rows.map(\.line)
        let salt = Array(#""{}[],:\ idmethod20.x-"#.utf8)
        for _ in 0..<20_000 {
            var line = seeds.randomElement(using: &random) ?? []
            for _ in 0..<Int.random(in: 0...3, using: &random) where !line.isEmpty {
                let place = Int.random(in: 0..<line.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: line[place] = salt.randomElement(using: &random) ?? 0
                case 1: line.remove(at: place)
                default: line.insert(salt.randomElement(using: &random) ?? 0, at: place)
                }
            }
            line.withUnsafeBytes { bytes in
                guard let plain = PlainRequest(bytes) else { return }
                let root = try? JSONDocument(parsing: line).root
                #expect(root?["jsonrpc"]?.isString("2.0") == true)
                #expect(root?["method"]?.string == String(decoding: line[plain.method], as: UTF8.self))
                #expect(root?["id"].map { Array($0.source) } ?? [] == Array(line[plain.id]))
                #expect(root?["params"]?.count ?? 0 == 0)
            }
        }
    }
}
