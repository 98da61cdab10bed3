// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore
import NIOPosix
import NIOSSL
import Threads
import Vitals

/// The opening of one connection: name, addresses, TLS. Ends once, in a connection or in a failure, or is given
/// up by its owner, whose deadline it is; then nothing of it stays open.
///
/// `@unchecked Sendable`: everything but the two jobs on lanes, which touch constants only, happens on the event
/// loop.
final class Dial: @unchecked Sendable {
    /// What to open.
    struct Plan: Sendable {
        let endpoint: ServerAddress
        let tls: TLSSettings?
        var linkLocal = LinkLocal.refused

        /// Whether a name may lead to a link-local address.
        ///
        /// The cloud's metadata services live there and hand out credentials to whoever speaks as the check is told
        /// to: a name, which somebody else may control, must not lead there. Whoever means it writes the address
        /// itself.
        enum LinkLocal: Sendable {
            case refused
            /// For a protocol of our own choosing, which gets nothing there; names of neighbours (mDNS) lead there.
            case allowed
        }

        /// The name to ask for in TLS; nil for addresses, which SNI does not know (RFC 6066, 3).
        var serverName: String? {
            let name = tls?.serverName ?? endpoint.host
            return HostText.isAddress(name) ? nil : name
        }

        /// What the certificate must be for.
        var expectedName: String { tls?.serverName ?? endpoint.host }
    }

    private enum State {
        case fresh
        case connecting(any Channel)
        case shaking(any Channel)
        case ended
    }

    let plan: Plan
    private let context: ProbeContext
    private let resolver: Resolver
    private let course: PhaseLog
    private let configure: (any Channel) throws -> Void
    private let done: (Result<Connection, ProbeFailure>) -> Void
    private var state = State.fresh
    private var contexts: (verdict: NIOSSLContext, look: NIOSSLContext)?
    private var keeper = ChainKeeper()
    private var staleName: ResolveFailure?
    /// The failure that is known already while the refused server's certificates are being read.
    private(set) var known: ProbeFailure?

    init(
        _ plan: Plan, context: ProbeContext, resolver: Resolver, course: PhaseLog,
        configure: @escaping (any Channel) throws -> Void,
        done: @escaping (Result<Connection, ProbeFailure>) -> Void
    ) {
        self.plan = plan
        self.context = context
        self.resolver = resolver
        self.course = course
        self.configure = configure
        self.done = done
    }

    /// Begins.
    func start() {
        switch plan.endpoint {
        case .unix(let path):
            guard let name = sockaddr_un(path: path) else {
                end(.failure(ProbeFailure(errno: ENAMETOOLONG, place: path)))
                return
            }
            prepareTLS([SocketAddress(name)])
        case .network(let host, let port):
            if let literal = HostAddress.literal(host, port: port), HostText.isAddress(host) {
                prepareTLS([literal.socketAddress])
            } else {
                resolve(host, port)
            }
        }
    }

    /// Gives up; `done` is not called any more.
    func abandon() { finish() }

    // MARK: - The name

    private func resolve(_ host: String, _ port: UInt16) {
        course.enter(.resolve)
        let attempt = course.attempt
        // Until a lane is free this is not the name servers' fault.
        attempt.enter(.queued)
        let isStarted = context.lanes.start { [self, resolver, loop = context.eventLoop] in
            attempt.enter(.resolve)
            let answer: Result<Resolution, ResolveFailure>
            do throws(ResolveFailure) {
                answer = .success(try resolver.resolve(host, port: port, until: attempt.deadline))
            } catch {
                answer = .failure(error)
            }
            loop.execute { self.resolved(answer) }
        }
        if !isStarted { end(.failure(.threadless)) }
    }

    private func resolved(_ answer: Result<Resolution, ResolveFailure>) {
        guard case .fresh = state else { return }
        switch answer {
        case .failure(let failure):
            end(.failure(ProbeFailure(failure.outcome, failure.reason, failure.message)))
        case .success(let resolution):
            staleName = resolution.staleBecause
            let addresses = resolution.addresses.filter { address in
                plan.linkLocal == .allowed
                    || HostText.addressBytes(HostText.withoutZone(address.numeric))
                        .map { !HostText.isLinkLocal($0) } ?? false
            }
            guard !addresses.isEmpty else {
                end(
                    .failure(
                        ProbeFailure(
                            .fail, "dns.link_local",
                            "the name \(plan.endpoint.host) leads to a link-local address, which is refused; if that is meant, write the address itself"
                        )))
                return
            }
            prepareTLS(addresses.prefix(Resolver.addressLimit).map(\.socketAddress))
        }
    }

    // MARK: - The TLS context

    private func prepareTLS(_ addresses: [SocketAddress]) {
        guard let settings = plan.tls else {
            connect(addresses, at: 0)
            return
        }
        course.enter(.tls)
        let attempt = course.attempt
        attempt.enter(.queued)
        let isStarted = context.lanes.start { [self, store = context.tls, loop = context.eventLoop] in
            attempt.enter(.tls)
            let purpose = settings.verify ? TLSPurpose.verified : .unverified
            let made = Result {
                (try store.context(for: settings, purpose), try store.context(for: settings, .look))
            }
            loop.execute { self.prepared(made, addresses) }
        }
        if !isStarted { end(.failure(.threadless)) }
    }

    private func prepared(
        _ made: Result<(NIOSSLContext, NIOSSLContext), any Error>, _ addresses: [SocketAddress]
    ) {
        guard case .fresh = state else { return }
        switch made {
        case .failure:
            if let shortage = DescriptorShortage.current {
                return end(.failure(ProbeFailure(errno: shortage, place: plan.endpoint.text)))
            }
            end(
                .failure(
                    ProbeFailure(
                        .unknown, "inconclusive.tls_files",
                        "the files named in `tls` can no longer be read; check their paths and modes")))
        case .success(let made):
            contexts = (made.0, made.1)
            connect(addresses, at: 0)
        }
    }

    // MARK: - The connection

    private func connect(_ addresses: [SocketAddress], at index: Int) {
        course.enter(.connect)
        let left = course.attempt.deadline - context.time.now
        // One that does not answer leaves their share of the time to the others.
        let share = max(.milliseconds(1), left / (addresses.count - index))
        open(addresses[index], within: share, purpose: plan.tls?.verify == false ? .unverified : .verified) {
            [self] error in
            // The last one's failure is told.
            if index + 1 < addresses.count, !Dial.isOurOwn(error) {
                connect(addresses, at: index + 1)
            } else {
                end(.failure(ProbeFailure(Dial.underlying(error), place: plan.endpoint.text)))
            }
        }
    }

    private func open(
        _ address: SocketAddress, within share: Duration, purpose: TLSPurpose,
        refused: @escaping (any Error) -> Void
    ) {
        state = .fresh
        keeper = ChainKeeper()
        let refusal = NIOLoopBound(refused, eventLoop: context.eventLoop)
        ClientBootstrap(group: context.eventLoop)
            .connectTimeout(.nanoseconds(share.nanoseconds))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try self.build(channel, purpose, address) }
            }
            .connect(to: address)
            .whenComplete { result in
                switch result {
                case .success(let channel): self.connected(channel, address)
                case .failure(let error):
                    if case .ended = self.state { return }
                    self.state = .fresh
                    refusal.value(error)
                }
            }
    }

    private func build(_ channel: any Channel, _ purpose: TLSPurpose, _ address: SocketAddress) throws {
        if case .ended = state { throw ChannelError.ioOnClosedChannel }
        state = .connecting(channel)
        if address.protocol != .unix {
            // The kernel's own patience (15 min of retransmissions) ends with ours (tcp(7), TCP_USER_TIMEOUT).
            let patience = course.attempt.deadline - course.attempt.started
            let milliseconds = Int(clamping: max(1, patience.nanoseconds / 1_000_000))
            try channel.syncOptions?.setOption(
                ChannelOptions.Types.SocketOption(
                    level: .tcp, name: .init(rawValue: CInt(TCP_USER_TIMEOUT))),
                value: milliseconds)
        }
        guard let contexts else {
            try configure(channel)
            return
        }
        let handler = try purpose.handler(
            purpose == .look ? contexts.look : contexts.verdict, serverName: plan.serverName, keeper: keeper)
        let watch = HandshakeWatch { [self] result in shaken(channel, handler, address, purpose, result) }
        try channel.pipeline.syncOperations.addHandlers([handler, watch])
    }

    private func connected(_ channel: any Channel, _ address: SocketAddress) {
        guard case .connecting = state else { return }
        guard contexts == nil else {
            state = .shaking(channel)
            course.enter(.tls)
            return
        }
        finish(keeping: channel)
        done(
            .success(Connection(channel: channel, opened: context.time.now, tls: nil, staleName: staleName)))
    }

    // MARK: - TLS

    private func shaken(
        _ channel: any Channel, _ handler: NIOSSLClientHandler, _ address: SocketAddress,
        _ purpose: TLSPurpose, _ result: Result<Void, any Error>
    ) {
        guard case .shaking = state else { return }
        let chain = keeper.certificates.map(CertificateFacts.init)
        if purpose == .look {
            looked(chain)
            return
        }
        switch result {
        case .success:
            let findings = TLSFindings(
                chain: chain, verified: purpose == .verified,
                version: handler.tlsVersion.map(TLSFindings.word))
            // NIOSSL is content when the certificate names the peer's address, whatever name was asked for.
            if purpose == .verified, let own = chain.first, !own.names.isEmpty,
                !own.vouches(for: plan.expectedName)
            {
                var failure = HandshakeRefusal.name.failure(
                    presented: chain, host: plan.expectedName, at: context.time.wall)
                failure.tls = findings
                end(.failure(failure))
                return
            }
            do { try configure(channel) } catch {
                end(.failure(ProbeFailure(error, place: plan.endpoint.text)))
                return
            }
            finish(keeping: channel)
            done(
                .success(
                    Connection(
                        channel: channel, opened: context.time.now, tls: findings, staleName: staleName)))
        case .failure(let error):
            let refusal = HandshakeRefusal(error)
            let failure = refusal.failure(
                presented: chain, host: plan.expectedName, at: context.time.wall)
            known = refusal == .chain && chain.isEmpty ? Self.refusedUnread : failure
            self.refusal = refusal
            state = .fresh
            channel.cut()
            // Once more, only to read what it presents; nothing is sent over it.
            let left = max(.milliseconds(1), course.attempt.deadline - context.time.now)
            open(address, within: left, purpose: .look) { [self] _ in looked([]) }
        }
    }

    private var refusal = HandshakeRefusal.chain
    private static let refusedUnread = ProbeFailure(
        .fail, "tls.handshake", "the certificate was refused and could not be read")

    private func looked(_ chain: [CertificateFacts]) {
        var failure =
            chain.isEmpty
            ? known ?? Self.refusedUnread
            : refusal.failure(presented: chain, host: plan.expectedName, at: context.time.wall)
        if !chain.isEmpty { failure.tls = TLSFindings(chain: chain, verified: false, version: nil) }
        end(.failure(failure))
    }

    // MARK: - The end

    private func end(_ result: Result<Connection, ProbeFailure>) {
        if case .ended = state { return }
        finish()
        done(result)
    }

    private func finish(keeping kept: (any Channel)? = nil) {
        let last = state
        // First of all: closing a channel calls back at once.
        state = .ended
        contexts = nil
        switch last {
        case .connecting(let channel), .shaking(let channel):
            if kept == nil { channel.cut() }
        case .fresh, .ended: break
        }
    }

    /// Whether vitald itself is short of something, which the next address would not fix.
    private static func isOurOwn(_ error: any Error) -> Bool {
        guard let error = underlying(error) as? IOError else { return false }
        return [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(error.errnoCode)
    }

    /// NIO wraps the failures of single addresses in one error.
    private static func underlying(_ error: any Error) -> any Error {
        guard let error = error as? NIOConnectionError else { return error }
        return error.connectionErrors.last?.error ?? error
    }
}
