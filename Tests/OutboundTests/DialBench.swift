// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore
import NIOPosix
import Synchronization
import TestSupport
import Testing
import Threads
import Vitals

@testable import Outbound

/// Dials on a loop of their own, one after the other, with name servers of a test.
final class DialBench: Sendable {
    let time = Monotonic()
    let lanes: Lanes
    let resolver: Outbound.Resolver
    private let tls = TLSContexts()
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)

    init(lanes limit: Int = 8, names: @escaping Outbound.Resolver.Lookup) {
        lanes = Lanes(limit: limit)
        resolver = Outbound.Resolver(lanes: lanes, time: time, lookup: names)
    }

    deinit { group.shutdownGracefully { _ in } }

    /// What a dial came to: the address that took the connection, and the steps on the way there.
    struct Outcome: Sendable {
        let address: Result<String, DialError>
        let steps: [CallStep]
    }

    /// One dial, waited for.
    func dial(
        _ endpoint: ServerAddress, linkLocal: Dial.Plan.LinkLocal = .refused, timeout: Duration = .seconds(5)
    ) throws -> Outcome {
        let answer = Awaited<Result<String, DialError>>()
        let loop = group.next()
        let plan = Dial.Plan(endpoint: endpoint, tls: nil, linkLocal: linkLocal)
        let context = OutboundContext(time: time, lanes: lanes, eventLoop: loop, tls: tls)
        let now = time.now
        let log = StepLog()
        loop.execute { [resolver] in
            let dial = Dial(
                plan, context: context, resolver: resolver,
                times: CallTimes(started: now, deadline: now + timeout), step: { log.note($0) },
                configure: { _ in },
                done: { result in
                    answer.fulfil(
                        result.map { connection in
                            connection.channel.close(promise: nil)
                            return connection.channel.remoteAddress?.ipAddress ?? ""
                        })
                })
            dial.start()
        }
        let address = try #require(answer.value(within: timeout + .seconds(30)), "the dial does not end")
        return Outcome(address: address, steps: log.steps)
    }
}

/// The steps of one call.
final class StepLog: Sendable {
    private let noted = Mutex<[CallStep]>([])

    func note(_ step: CallStep) { noted.withLock { $0.append(step) } }
    var steps: [CallStep] { noted.withLock(\.self) }
}

/// A socket that listens at one address of the loopback, all of which are this machine's own.
final class LoopbackListener: Sendable {
    let port: UInt16
    private let descriptor: Int32

    /// Listens there, on any port or on a given one.
    init(_ address: String, port: UInt16 = 0) throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        self.descriptor = descriptor
        var name = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let place = try #require(HostAddress.literal(address, port: port))
        let isBound = place.withSockaddr { bind(descriptor, $0, $1) } == 0
        let isListening = isBound && listen(descriptor, 16) == 0
        let code = withUnsafeMutablePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        self.port = UInt16(bigEndian: name.sin_port)
        try #require(isListening && code == 0)
    }

    deinit { Glibc.close(descriptor) }
}
