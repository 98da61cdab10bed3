// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix
import Testing
import Vitals

@testable import Publishing

@Suite("Event streams over HTTP")
struct StreamTests {
    private static let target = "/api/v1/events"

    /// One message of an event stream.
    private struct Message {
        var name: String?
        var id: String?
        var data = ""

        init(_ text: String) throws {
            try #require(text.hasSuffix("\n\n"))
            // By bytes: some are long, and characters are slow to look at.
            for line in text.utf8.split(separator: UInt8(ascii: "\n")) {
                let name = line.prefix { $0 != UInt8(ascii: ":") }
                let value = line.dropFirst(name.count + 1).drop { $0 == UInt8(ascii: " ") }
                switch String(decoding: name, as: UTF8.self) {
                case "event": self.name = String(decoding: value, as: UTF8.self)
                case "id": id = String(decoding: value, as: UTF8.self)
                case "data": data = String(decoding: value, as: UTF8.self)
                default: break
                }
            }
        }

        func json() throws -> JSONValue { try JSONDocument(parsing: Array(data.utf8)).root }
    }

    /// A reader whose stream has begun.
    private final class Reader {
        let client: RawClient
        let head: RawClient.Answer

        init(_ client: RawClient, _ headers: String = "", target: String = target) throws {
            self.client = client
            head = try client.open(target, headers)
            #expect(head.status == 200, "\(head.headers)")
        }

        /// The next message, comments skipped; nil at the end.
        func next() throws -> Message? {
            while let text = try client.chunk() {
                if text != ":\n\n" { return try Message(text) }
            }
            return nil
        }
    }

    private func change(_ sequence: UInt64, _ message: String = "refused") -> HealthChange {
        HealthChange(
            sequence: sequence, subject: sequence % 2 == 0 ? .overall : .check("db"),
            .state(from: .healthy, to: .unhealthy), cause: .init("refused.tcp", message: message),
            wall: ReportSample.wall)
    }

    /// Publishes these changes, one after the other.
    private func publish(
        _ sequences: ClosedRange<UInt64>, _ house: House, _ message: String = "refused"
    ) throws {
        try house.group.next().submit { [house] in
            for sequence in sequences {
                var report = house.board.report
                report.sequence = sequence
                house.board.publish(report, [change(sequence, message)])
            }
        }.wait()
    }

    private var streams: MetricFamily { MetricFamily("vitald_http_streams", .gauge, "Help.") }

    @Test("a stream begins with how things stand, and then tells every change in the words of the socket")
    func begins() throws {
        let house = try House()
        let reader = try Reader(house.client())
        #expect(reader.head.header("content-type") == "text/event-stream")
        #expect(reader.head.header("transfer-encoding") == "chunked")
        #expect(reader.head.header("cache-control") == "no-store")
        let first = try #require(try reader.next())
        #expect(first.name == "snapshot")
        #expect(first.id == "e-7")
        #expect(try first.json()["lost"]?.boolean == false)
        #expect(try first.json()["snapshot"]?["checks"]?.count == 2)

        try publish(8...9, house)

        for sequence in UInt64(8)...9 {
            let event = try #require(try reader.next())
            var writer = JSONWriter()
            writer.object { ChangeView(change(sequence)).writeMembers(epoch: "e", into: &$0) }
            #expect(event.name == nil && event.id == "e-\(sequence)")
            #expect(event.data == writer.text)
        }
        #expect(house.count(Self.target, 200) == 1)
        #expect(house.tallies.tally(streams).value == 1)
    }

    @Test("only the topics that were asked for are told; others are refused")
    func topics() throws {
        let house = try House()
        let reader = try Reader(house.client(), target: "/api/v1/events?topics=check,alert")
        let first = try #require(try reader.next()?.json())
        #expect(first["topics"]?.elements.compactMap(\.string) == ["check"])
        #expect(first["unavailable"]?.elements.compactMap(\.string) == ["alert"])
        try publish(8...9, house)

        #expect(try reader.next()?.id == "e-9")
        let refused = try house.get("/api/v1/events?topics=weather")
        #expect(refused.status == 400)
        #expect(refused.text.contains("no topic \"weather\""))
    }

    @Test("a reader that comes back with its last id gets what it missed, and no snapshot")
    func resumes() throws {
        let house = try House()
        try publish(8...12, house)

        let reader = try Reader(house.client(), "Last-Event-ID: e-9\r\n")
        let missed = try (10...12).map { _ in try reader.next()?.id }
        #expect(missed == ["e-10", "e-11", "e-12"])
        try publish(13...13, house)
        #expect(try reader.next()?.id == "e-13")

        let current = try Reader(house.client(), "Last-Event-ID: e-13\r\n")
        try publish(14...14, house)
        #expect(try current.next()?.id == "e-14")
        let first = try Reader(house.client(), "Last-Event-ID:\r\n")
        #expect(try first.next()?.json()["lost"]?.boolean == false, "an empty id is none")
    }

    @Test(
        "an id of another life, of a change that is not kept, or of nothing gets a snapshot and lost",
        arguments: [("f-9", nil), ("e-3", 9), ("e-99", nil), ("rubbish", nil), ("e-9-9", nil), ("-9", nil)]
            as [(String, Int64?)])
    func lost(_ id: String, _ count: Int64?) throws {
        let house = try House()
        try publish(8...12, house)
        let reader = try Reader(house.client(), "Last-Event-ID: \(id)\r\n")

        let first = try #require(try reader.next())
        #expect(first.name == "snapshot" && first.id == "e-12")
        #expect(try first.json()["lost"]?.boolean == true)
        let second = try #require(try reader.next())
        #expect(try second.json()["topic"]?.string == "lost")
        #expect(try second.json()["seq"]?.integer == 12)
        #expect(try second.json()["count"]?.integer == count)
        #expect(second.id == nil)
    }

    @Test("a stream has no deadline, and says something while nothing happens")
    func patience() throws {
        let house = try House {
            $0.streamBeat = .milliseconds(20)
            $0.requestTime = .milliseconds(30)
            $0.idleTime = .milliseconds(30)
        }
        let reader = try Reader(house.client())
        _ = try reader.next()

        for _ in 0..<10 { #expect(try reader.client.chunk() == ":\n\n") }
        try publish(8...8, house)
        #expect(try reader.next()?.id == "e-8")
        #expect(house.dropped("http_connection", "timeout") == 0)
    }

    @Test("a reader that does not read is told what it lost, and delays nobody")
    func slowReader() throws {
        let house = try House { $0.streamQueue = 8 }
        let reader = try Reader(house.client())
        let other = try Reader(house.client())
        _ = try other.next()
        // Far more than the kernel keeps of it, in pieces that stay below the bound at which it would be cut.
        let message = String(repeating: "x", count: 60_000)
        var last: UInt64 = 7
        while house.dropped("http_event", "slow_reader") < 20, last < 1000 {
            last += 1
            try publish(last...last, house, message)
            #expect(try other.next()?.id == "e-\(last)")
        }
        #expect(house.dropped("http_event", "slow_reader") == 20)
        try publish((last + 1)...(last + 1), house)

        var got: [UInt64] = []
        var count: Int64?
        #expect(try reader.next()?.name == "snapshot")
        while count == nil, let event = try reader.next() {
            // What was lost is told without an id. The others are long: they are known by theirs.
            if let id = event.id {
                got.append(EventPosition(id).sequence)
            } else {
                count = try event.json()["count"]?.integer
                #expect(try event.json()["seq"]?.integer == Int64(last) + 1)
            }
        }
        #expect(count == 21)
        #expect(got == Array(8...(last - 20)), "what came before has no gap")
        try publish((last + 2)...(last + 2), house)
        #expect(try reader.next()?.id == "e-\(last + 2)")
    }

    @Test("a reader that takes nothing is cut off when too much waits for it")
    func stuckReader() throws {
        let house = try House { $0.streamUnread = 300_000 }
        let client = try house.client()
        client.shrinkReceiveBuffer()
        let reader = try Reader(client)
        var last: UInt64 = 7
        let message = String(repeating: "x", count: 60_000)
        while house.server.connections > 0, last < 1000 {
            last += 1
            try publish(last...last, house, message)
        }

        #expect(house.server.connections == 0)
        #expect(house.dropped("http_connection", "slow_reader") == 1)
        #expect(house.tallies.tally(streams).value == 0)
        withExtendedLifetime(reader) {}
    }

    @Test("HEAD gets the head of a stream and no stream")
    func head() throws {
        let house = try House()
        let client = try house.client()
        let answer = try client.get(Self.target, method: "HEAD")

        #expect(answer.status == 200)
        #expect(answer.header("content-type") == "text/event-stream")
        #expect(try client.rest() == [])
        #expect(house.tallies.tally(streams).value == 0)
    }

    @Test("HTTP/1.0 gets a stream without chunks")
    func oldVersion() throws {
        let house = try House()
        let client = try house.client()
        client.send("GET \(Self.target) HTTP/1.0\r\n\r\n")
        #expect(try client.answer(isHead: true).header("transfer-encoding") == nil)
        try house.server.drain(within: .seconds(10)).wait()

        #expect(
            String(decoding: try client.rest(), as: UTF8.self).hasPrefix("event: snapshot\nid: e-7\ndata: {"))
    }

    @Test("a stream takes the connection: what is pipelined behind it is not read")
    func pipelined() throws {
        let house = try House()
        let client = try house.client()
        client.send(
            "GET \(Self.target) HTTP/1.1\r\nHost: a\r\n\r\n"
                + String(repeating: "GET /livez HTTP/1.1\r\nHost: a\r\n\r\n", count: 100))
        #expect(try client.answer(isHead: true).status == 200)
        #expect(try client.chunk()?.hasPrefix("event: snapshot") == true)
        try publish(8...8, house)
        #expect(try client.chunk()?.contains("id: e-8") == true)
        try house.server.drain(within: .seconds(10)).wait()

        #expect(try client.chunk() == nil)
        #expect(try client.rest() == [])
        #expect(house.count("/livez", 200) == 0)
    }

    @Test("one machine has its share of the streams and all together theirs; whoever leaves makes room")
    func places() throws {
        let house = try House {
            $0.streams = 3
            $0.streamsPerPeer = 2
        }
        let path = try house.listenLocally()
        var readers = try (0..<2).map { _ in try Reader(house.client()) }
        let refused = try house.get(Self.target)
        #expect(refused.status == 429)
        #expect(refused.header("retry-after") == "15")
        let local = try Reader(RawClient(path: path))
        #expect(try RawClient(path: path).get(Self.target).status == 503)
        #expect(try house.get("/livez").status == 200)

        readers.removeLast()
        #expect(house.reaches { house.tallies.tally(streams).value == 2 })
        readers.append(try Reader(house.client()))
        withExtendedLifetime(local) {}
    }

    @Test("a client that ends its side has had enough")
    func halfClosed() throws {
        let house = try House()
        let reader = try Reader(house.client())
        _ = try reader.next()

        reader.client.endSending()
        #expect(try reader.next()?.id == nil)
        #expect(try reader.client.rest() == [])
        #expect(house.reaches { house.server.connections == 0 })
        #expect(house.tallies.tally(streams).value == 0)

        let hasty = try house.client()
        hasty.send("GET \(Self.target) HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        hasty.endSending()
        #expect(try hasty.answer(isHead: true).status == 200)
        #expect(try hasty.chunk()?.hasPrefix("event: snapshot") == true)
        #expect(try hasty.chunk() == nil)
    }

    @Test("draining ends streams behind what was sent, and opens no more")
    func drain() throws {
        let house = try House()
        let readers = try (0..<3).map { _ in try Reader(house.client()) }
        for reader in readers { _ = try reader.next() }
        let drained = house.server.drain(within: .seconds(60))

        for reader in readers {
            #expect(try reader.next()?.id == nil)
            #expect(try reader.client.rest() == [])
        }
        try drained.wait()
        #expect(house.server.connections == 0)
        #expect(house.dropped("http_connection", "timeout") == 0)
    }

    @Test("new logins end the streams that old ones let in, and their readers come back where they were")
    func logins() throws {
        let house = try House()
        func access(_ token: String) -> HTTPAccess {
            var access = HTTPAccess()
            access.logins = Logins(isWanted: true)
            access.logins.tokens = [Secret(token)]
            return access
        }
        try house.replace(access("old"))
        let reader = try Reader(house.client(), "Authorization: Bearer old\r\n")
        let id = try #require(try reader.next()?.id)
        try house.replace(access("new"))

        #expect(try reader.next()?.id == nil)
        #expect(try reader.client.rest() == [])
        #expect(try house.get(Self.target, "Authorization: Bearer old\r\n").status == 401)
        try publish(8...8, house)
        let again = try Reader(house.client(), "Authorization: Bearer new\r\nLast-Event-ID: \(id)\r\n")
        #expect(try again.next()?.id == "e-8")
    }
}
