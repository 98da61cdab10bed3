// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore
import NIOPosix
import Synchronization
import TestSupport
import Testing
import Vitals

@testable import Publishing

/// A server of one word behind a listener on a Unix socket, on a loop of its own.
private final class Stand: Sendable {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let book = ListenerBook(tallies: TallyBook(), time: HandClock())
    let path = Tool.scratchPath(".sock")

    /// Greets everybody whom `admits` lets in.
    init(shedsLoad: Bool = false, admits: @escaping @Sendable () -> Bool = { true }) throws {
        let loop = group.next()
        let address = try SocketAddress(unixDomainSocketPath: path)
        _ = try loop.flatSubmit { [book] in
            let listener = Listener(
                loop: loop, book: book, plan: Listener.Plan(backlog: 64, shedsLoad: shedsLoad),
                rejections: Rejections(lingeringFor: .seconds(10)),
                decide: { _ in
                    guard admits() else { return .refused(Rejection(words: ByteBuffer(string: "no\n"))) }
                    return .admitted { try $0.pipeline.syncOperations.addHandler(Greeter()) }
                })
            return listener.open { $0.bind(to: address) }
        }.wait()
    }

    deinit {
        unlink(path)
        LoopGroups.retire(group)
    }

    /// Does this while the loop stands still.
    func whileBusy(_ work: () throws -> Void) throws {
        let gate = Gate()
        group.next().execute { gate.wait() }
        defer { gate.open() }
        try work()
    }

    private final class Greeter: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        func channelActive(context: ChannelHandlerContext) {
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: "hello\n")), promise: nil)
        }
    }
}

@Suite("A listening socket")
struct ListenerTests {
    /// A port that was free a moment ago.
    private static func freePort() throws -> Int {
        let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        defer { close(descriptor) }
        try #require(with(port: 0) { bind(descriptor, $0, $1) } == 0)
        return port(of: descriptor)
    }

    private static func with<R>(port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> R) -> R {
        let bytes = SocketAddressBytes.loopback(port: Int(port))
        return bytes.withUnsafeBytes { raw in
            raw.withMemoryRebound(to: sockaddr.self) {
                body($0.baseAddress.unsafelyUnwrapped, socklen_t(raw.count))
            }
        }
    }

    /// The port of a socket of IPv4; 0 for any other. ip(7): the family, and the port in network order.
    private static func port(of descriptor: CInt) -> Int {
        var name = [UInt8](repeating: 0, count: 128)
        var size = socklen_t(name.count)
        let code = name.withUnsafeMutableBytes { raw in
            raw.withMemoryRebound(to: sockaddr.self) { getsockname(descriptor, $0.baseAddress, &size) }
        }
        return code == 0 && name[0] == UInt8(AF_INET) && name[1] == 0 ? Int(name[2]) << 8 | Int(name[3]) : 0
    }

    /// One of this process's descriptors of the socket that listens at a port.
    private static func listening(at port: Int) -> CInt? {
        (3..<4096).first { descriptor in
            var accepting: CInt = 0
            var length = socklen_t(MemoryLayout<CInt>.size)
            return getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &accepting, &length) == 0
                && accepting == 1
                && Self.port(of: descriptor) == port
        }
    }

    @Test("is opened again when the event loop library closes it, each time, and is told of")
    func reopened() throws {
        let house = try House()
        let port = try Self.freePort()
        _ = try house.server.listen(on: SocketAddress(ipAddress: "127.0.0.1", port: port)).wait()
        @Sendable func errors() -> [Int64] { house.tallies.values(of: OwnFamilies.acceptErrors).map(\.value) }

        for round in 1...3 {
            #expect(try RawClient(port: port).get("/livez").status == 200)
            let descriptor = try #require(Self.listening(at: port))
            // accept(2) fails with EINVAL from here on, for which the library closes the socket.
            #expect(shutdown(descriptor, CInt(SHUT_RD)) == 0)
            #expect(house.reaches { errors() == [Int64(round)] })
            #expect(house.reaches { Self.listening(at: port) != nil })
        }

        #expect(try RawClient(port: port).get("/livez").status == 200)
        let labels = house.tallies.values(of: OwnFamilies.acceptErrors).first?.labels ?? []
        #expect(labels.map(\.value) == ["127.0.0.1:\(port)", "EINVAL"])
        #expect(house.tallies.values(of: OwnFamilies.listenerUp).allSatisfy { $0.value == 1 })
        #expect(try house.get("/livez").status == 200, "the other one was not touched")
        try house.server.drain(within: .seconds(30)).wait()
        #expect(Self.listening(at: port) == nil, "a listener that was closed on purpose stays closed")
        #expect(house.tallies.values(of: OwnFamilies.listenerUp).isEmpty, "it alarms nobody")
    }

    @Test("that cannot be opened is not kept, over TCP and as a Unix socket")
    func unopened() throws {
        let house = try House()
        #expect(throws: (any Error).self) {
            try house.server.listen(on: SocketAddress(ipAddress: "127.0.0.1", port: house.port)).wait()
        }
        let kept = try house.group.next().submit { house.server.state.value.listeners.count }.wait()
        #expect(kept == 1)

        let scene = try SocketScene()
        // listen(2) fails with EOPNOTSUPP.
        let datagrams = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        #expect(throws: (any Error).self) { try scene.server.listen(descriptor: datagrams).wait() }
        let server = scene.server
        #expect(try scene.group.any().submit { server.listeners.value.count }.wait() == 1)
    }

    @Test("that is closed on purpose leaves the page, unless another one listens there")
    func leaves() {
        let tallies = TallyBook()
        let book = ListenerBook(tallies: tallies, time: HandClock())
        func shown() -> [Int64] { tallies.values(of: OwnFamilies.listenerUp).map(\.value) }
        let (old, new) = (book.enter("/run/x.sock"), book.enter("/run/x.sock"))
        let other = book.enter("/run/y.sock")
        book.change(new, to: .paused)

        book.leave(old)
        #expect(shown() == [0, 1])
        book.change(new, to: .accepting)
        #expect(shown() == [1, 1])
        book.leave(new)
        #expect(shown() == [1])
        book.leave(other)
        #expect(shown().isEmpty)
    }

    @Test("in a flood refuses those who wait past the library, and lets the others in all the same")
    func sheds() throws {
        let seen = Mutex(0)
        // Every tenth gets in.
        let stand = try Stand(shedsLoad: true) {
            seen.withLock { count in
                count += 1
                return count % 10 == 0
            }
        }
        var clients: [RawPeer] = []
        for _ in 0..<10 {
            try stand.whileBusy { for _ in 0..<9 { clients.append(try RawPeer(stand.path)) } }
            try stand.group.next().submit {}.wait()
        }

        var words: [String: Int] = [:]
        for client in clients {
            let word = try client.line()
            words[word, default: 0] += 1
        }
        #expect(words == ["no": 81, "hello": 9])
        #expect(stand.book.standings.first?.accepted == 90)
    }

    @Test("tells the watchdog when somebody waits, but not while it pauses on purpose")
    func looks() throws {
        let stand = try Stand()
        let record = try #require(stand.book.record(named: stand.path))
        #expect(!record.look.isDue)
        let before = record.look.progress
        var clients: [RawPeer] = []

        try stand.whileBusy {
            clients.append(try RawPeer(stand.path))
            #expect(record.look.isDue)
            stand.book.change(record, to: .paused)
            #expect(!record.look.isDue)
            stand.book.change(record, to: .closed)
            #expect(record.look.isDue)
            stand.book.change(record, to: .accepting)
        }

        #expect(try clients[0].line() == "hello")
        #expect(record.look.progress == before + 1)
    }

    @Test(
        "pauses longer where descriptors or memory are missing, and the longer the more often it fails",
        arguments: [
            (EMFILE, 1, 1000), (ENFILE, 1, 1000), (ENOMEM, 9, 1000), (EPERM, 1, 10), (EPROTO, 2, 20),
            (EIO, 7, 640), (EIO, 8, 1000), (EIO, .max, 1000), (0, 0, 10),
        ] as [(CInt, Int, Int64)])
    func pauses(_ code: CInt, _ failures: Int, _ milliseconds: Int64) {
        #expect(AcceptFailure(code).pause(after: failures) == .milliseconds(milliseconds))
    }

    @Test("an error has a name in the counter, whatever it is, and one of the socket itself is no progress")
    func errors() {
        #expect(
            [EMFILE, EPERM, EHOSTUNREACH, 0, 133].map { AcceptFailure($0).label } == [
                "EMFILE", "EPERM", "EHOSTUNREACH", "other", "errno 133",
            ])
        let record = ListenerRecord(name: "x")
        record.note(AcceptFailure(EINVAL), at: Instant(nanoseconds: 1))
        #expect(record.look.progress == 0)
        record.note(AcceptFailure(EPERM), at: Instant(nanoseconds: 2))
        #expect(record.look.progress == 1)
        #expect(record.standing.failures == 2)
    }

    @Test("failures are told once a minute with their number, and their end where it took several")
    func remarks() {
        var remarks = AcceptRemarks()
        func failed(_ seconds: Int64) -> Int? {
            remarks.failed(at: Instant(nanoseconds: seconds * 1_000_000_000))
        }
        func recovered(_ failures: Int) -> Bool { remarks.recovered(after: failures) }

        #expect(failed(100) == 0)
        #expect(!recovered(1))
        for second in Int64(101)..<160 { #expect(failed(second) == nil) }
        #expect(failed(160) == 59)
        #expect(recovered(2))
        #expect(!recovered(2))
    }

    @Test("the last descriptors below the limit are for checks, and some before them for administrators")
    func reserve() {
        func admitted(_ limit: Int) -> [Int] {
            let reserve = DescriptorReserve(limit: { limit })
            return [false, true].map { administrator in
                (0..<CInt(limit)).count { reserve.admits($0, administrator: administrator) }
            }
        }

        #expect(admitted(16_384) == [16_344, 16_352])
        #expect(admitted(256) == [216, 224])
        #expect(admitted(64) == [44, 48], "of a small limit a quarter")
    }
}
