// SPDX-License-Identifier: Apache-2.0

import Glibc
package import NIOCore
import NIOPosix
import NIOSSL
import Threads
import Vitals

/// The opening of one connection: name, addresses, TLS. Ends once, in a connection or in an error, or is given
/// up by its owner, whose deadline it is; then nothing of it stays open.
///
/// All addresses of a name are tried, one after the other, while the deadline allows: first the one that took the
/// last connection.
package final class Dial: LoopConfined, @unchecked Sendable {
    private enum State {
        case fresh
        case connecting(any Channel)
        case shaking(any Channel)
        case ended
    }

    /// One address to try.
    private enum Address {
        case unix(SocketAddress)
        case network(HostAddress)

        var socket: SocketAddress {
            switch self {
            case .unix(let address): address
            case .network(let address): address.socketAddress
            }
        }
    }

    /// What to open.
    package let plan: Plan
    private let context: OutboundContext
    private let resolver: Resolver
    private let times: CallTimes
    private let step: StepCallback
    private let configure: (any Channel) throws -> Void
    private let done: (Result<Connection, DialError>) -> Void
    private var state = State.fresh
    private var contexts: TLSContexts.Pair?
    private var keeper = ChainKeeper()
    private var staleName: ResolveFailure?
    /// What comes when the connection under way does not open.
    private var unopened: (DialError) -> Void = { _ in }
    private var known: HandshakeFailure?

    /// Prepares a dial; `configure` builds the pipeline behind TLS, `done` is called once, on the event loop.
    package init(
        _ plan: Plan, context: OutboundContext, resolver: Resolver, times: CallTimes,
        step: @escaping StepCallback, configure: @escaping (any Channel) throws -> Void,
        done: @escaping (Result<Connection, DialError>) -> Void
    ) {
        self.plan = plan
        self.context = context
        self.resolver = resolver
        self.times = times
        self.step = step
        self.configure = configure
        self.done = done
    }

    /// Begins. Only on the event loop.
    package func start() {
        switch plan.endpoint {
        case .unix(let path):
            guard let name = sockaddr_un(path: path) else {
                end(.failure(.kernel(errno: ENAMETOOLONG)))
                return
            }
            prepareTLS([.unix(SocketAddress(name))])
        case .network(let host, let port):
            if let literal = HostAddress.literal(host, port: port), HostText.isAddress(host) {
                prepareTLS([.network(literal)])
            } else {
                resolver.resolve(
                    host, port: port, until: times.deadline, on: context.eventLoop, step: step
                ) { self.resolved($0) }
            }
        }
    }

    /// Gives up; `done` is not called any more. Only on the event loop.
    package func abandon() { finish() }

    /// The error that is known already while the refused server's certificates are being read.
    package var knownError: DialError? { known.map { .handshake($0) } }

    // MARK: - The name

    private func resolved(_ answer: Result<Resolution, ResolveFailure>) {
        guard case .fresh = state else { return }
        switch answer {
        case .failure(let failure): end(.failure(.resolving(failure)))
        case .success(let resolution):
            staleName = resolution.staleBecause
            let addresses = resolution.addresses.filter { plan.linkLocal.admits($0) }
            guard !addresses.isEmpty else {
                end(.failure(.linkLocal(host: plan.endpoint.host)))
                return
            }
            prepareTLS(addresses.map { .network($0) })
        }
    }

    // MARK: - The TLS context

    private func prepareTLS(_ addresses: [Address]) {
        guard let settings = plan.tls else {
            connect(addresses, at: 0)
            return
        }
        step(.queued)
        let isStarted = context.lanes.start { [self, step, store = context.tls, loop = context.eventLoop] in
            step(.preparing)
            let made = Result { () throws(TLSFilesError) in try store.contexts(for: settings) }
            loop.execute { self.prepared(made, addresses) }
        }
        if !isStarted { end(.failure(.noThread)) }
    }

    private func prepared(_ made: Result<TLSContexts.Pair, TLSFilesError>, _ addresses: [Address]) {
        guard case .fresh = state else { return }
        switch made {
        case .failure(.descriptors(let code)): end(.failure(.kernel(errno: code)))
        case .failure(let error): end(.failure(.tlsFiles(error)))
        case .success(let made):
            contexts = made
            connect(addresses, at: 0)
        }
    }

    // MARK: - The connection

    private func connect(_ addresses: [Address], at index: Int) {
        step(.connecting)
        // One that does not answer leaves their share of the time to the others.
        let share = Countdown(time: context.time, deadline: times.deadline).share(of: addresses.count - index)
        let purpose = plan.tls?.verify == false ? TLSPurpose.unverified : .verified
        open(addresses[index], within: share.remaining, purpose) { [self] error in
            // The last one's error is told.
            if index + 1 < addresses.count, !error.isOurOwn, context.time.now < times.deadline {
                connect(addresses, at: index + 1)
            } else {
                end(.failure(error))
            }
        }
    }

    private func open(
        _ address: Address, within share: Duration, _ purpose: TLSPurpose,
        unopened: @escaping (DialError) -> Void
    ) {
        state = .fresh
        keeper = ChainKeeper()
        self.unopened = unopened
        ClientBootstrap(group: context.eventLoop)
            .connectTimeout(.nanoseconds(max(1_000_000, share.nanoseconds)))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try self.build(channel, purpose, address) }
            }
            .connect(to: address.socket)
            .whenComplete { result in
                switch result {
                case .success(let channel): self.connected(channel, address)
                case .failure(let error):
                    if case .ended = self.state { return }
                    self.state = .fresh
                    self.unopened(DialError(error))
                }
            }
    }

    private func build(_ channel: any Channel, _ purpose: TLSPurpose, _ address: Address) throws {
        if case .ended = state { throw ChannelError.ioOnClosedChannel }
        state = .connecting(channel)
        if case .network = address {
            // The kernel's own patience (15 min of retransmissions) ends with ours (tcp(7), TCP_USER_TIMEOUT).
            let milliseconds = Int(clamping: max(1, times.allowed.nanoseconds / 1_000_000))
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

    private func connected(_ channel: any Channel, _ address: Address) {
        guard case .connecting = state else { return }
        guard contexts == nil else {
            state = .shaking(channel)
            step(.handshake)
            return
        }
        succeed(channel, address, nil)
    }

    // MARK: - TLS

    private func shaken(
        _ channel: any Channel, _ handler: NIOSSLClientHandler, _ address: Address, _ purpose: TLSPurpose,
        _ result: Result<Void, any Error>
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
                end(
                    .failure(
                        .handshake(HandshakeFailure(refusal: .name, presented: chain, findings: findings))))
                return
            }
            do { try configure(channel) } catch {
                end(.failure(DialError(error)))
                return
            }
            succeed(channel, address, findings)
        case .failure(let error):
            known = HandshakeFailure(refusal: HandshakeRefusal(error), presented: chain, findings: nil)
            state = .fresh
            channel.cut()
            // Once more, only to read what it presents; nothing is sent over it.
            open(address, within: times.deadline - context.time.now, .look) { [self] _ in looked([]) }
        }
    }

    /// What the refused server presents; nothing where that could not be read.
    private func looked(_ chain: [CertificateFacts]) {
        let first = known ?? HandshakeFailure(refusal: .chain, presented: [], findings: nil)
        guard !chain.isEmpty else {
            end(.failure(.handshake(first)))
            return
        }
        let findings = TLSFindings(chain: chain, verified: false, version: nil)
        end(
            .failure(
                .handshake(HandshakeFailure(refusal: first.refusal, presented: chain, findings: findings))))
    }

    // MARK: - The end

    private func succeed(_ channel: any Channel, _ address: Address, _ tls: TLSFindings?) {
        if case .network(let took) = address, case .network(let host, _) = plan.endpoint {
            resolver.connected(to: took, of: host)
        }
        finish(keeping: channel)
        done(
            .success(Connection(channel: channel, opened: context.time.now, tls: tls, staleName: staleName)))
    }

    private func end(_ result: Result<Connection, DialError>) {
        if case .ended = state { return }
        finish()
        done(result)
    }

    private func finish(keeping kept: (any Channel)? = nil) {
        let last = state
        // First of all: closing a channel calls back at once.
        state = .ended
        contexts = nil
        unopened = { _ in }
        switch last {
        case .connecting(let channel), .shaking(let channel):
            if kept == nil { channel.cut() }
        case .fresh, .ended: break
        }
    }
}
