// SPDX-License-Identifier: Apache-2.0

import Outbound
import Threads
import Vitals

/// Opens the connections of one check: name, addresses, start parameters, and what will guard the statements.
final class PostgresDialer {
    /// A connection that the server does not make ready is waited for at every attempt, for so long: a new one at each
    /// attempt would be one more backend that waits for the same lock.
    static let patience = Duration.seconds(3600)
    /// One may also hang in a proxy that would serve the next one: so a second one is opened beside it, but only when the
    /// first has waited for so long. Closing the first would not help, the server would not notice.
    static let secondAfter = Duration.seconds(60)
    /// No more than two.
    static let startingLimit = 2

    private struct Starting {
        let connection: PostgresConnection
        let extras: PostgresParameters.Extras
        let since: Instant
        let staleBecause: ResolveFailure?
    }

    private struct OpenFailure: Error {
        let result: ProbeResult
        /// Whether another address of the name might do better.
        let isOfThisAddressAlone: Bool
    }

    private let kind: PostgresKind
    private let timeout: Duration
    private let time: any TimeSource
    private let resolver: Resolver
    private let refusals: PostgresRefusals
    private let verdict: PostgresVerdict
    /// Shared by all sessions of the check: one request at a time.
    private let canceller = PostgresCanceller()
    /// Connections of earlier attempts that the server has not made ready yet, the oldest first.
    private var starting: [Starting] = []
    /// When leaving out start parameters did not help: then they are not tried in turn at every attempt.
    private var extrasClearedAt: Instant?

    init(
        _ kind: PostgresKind, timeout: Duration, time: any TimeSource, resolver: Resolver,
        refusals: PostgresRefusals
    ) {
        self.kind = kind
        self.timeout = timeout
        self.time = time
        self.resolver = resolver
        self.refusals = refusals
        verdict = PostgresVerdict(target: kind.database)
    }

    func close() { starting = [] }

    /// Whether a connection of an earlier attempt is still waited for.
    var isWaiting: Bool { !starting.isEmpty }

    /// A new session.
    func dial(_ countdown: Countdown, _ log: PhaseLog) -> Result<PostgresSession, Refusal> {
        if let result = resume(countdown, log) { return result }
        let target = kind.database
        if target.isLocal {
            let path = "\(target.host)/.s.PGSQL.\(target.port)"
            return open(nil, .path(path), nil, countdown, log).mapError { Refusal($0.result) }
        }
        log.enter(.resolve)
        let resolution: Resolution
        do throws(ResolveFailure) {
            resolution = try resolver.resolve(
                target.hostAddress ?? target.host, port: target.port, until: countdown.deadline)
        } catch {
            return .failure(Refusal(error))
        }
        var last: Refusal?
        let count = resolution.addresses.count
        for (index, address) in resolution.addresses.enumerated() {
            let part = countdown.share(of: count - index)
            switch open(address.numeric, .address(address), resolution.staleBecause, part, log) {
            case .success(let session):
                resolver.connected(to: address, of: target.hostAddress ?? target.host)
                return .success(session)
            case .failure(let refusal):
                last = Refusal(refusal.result)
                guard refusal.isOfThisAddressAlone else { return .failure(Refusal(refusal.result)) }
            }
        }
        let none = ProbeResult(.fail, reason: "dns.failed", message: "the name \(target.host) has no address")
        return .failure(last ?? Refusal(none))
    }

    /// Goes on with the connections of earlier attempts; nil where a new one may be made.
    private func resume(_ countdown: Countdown, _ log: PhaseLog) -> Result<PostgresSession, Refusal>? {
        starting.removeAll { time.now - $0.since >= Self.patience }
        guard let oldest = starting.first else { return nil }
        let mayOpen =
            starting.count < Self.startingLimit && time.now - oldest.since >= Self.secondAfter
        for (index, made) in starting.enumerated() {
            do throws(PostgresFailure) {
                let part = countdown.share(of: starting.count - index + (mayOpen ? 1 : 0))
                try made.connection.connect(part, log)
            } catch {
                continue
            }
            starting = []
            do throws(PostgresFailure) {
                return .success(try session(made, log, countdown))
            } catch {
                guard case .timeout = error else { return nil }
                return .failure(Refusal(verdict.result(error, allowed: timeout)))
            }
        }
        starting.removeAll { !$0.connection.isAwaited }
        guard !starting.isEmpty, !mayOpen else { return nil }
        return .failure(Refusal(verdict.result(.timeout(.authenticate), allowed: timeout)))
    }

    // MARK: - One address

    private func open(
        _ address: String?, _ endpoint: Endpoint, _ stale: ResolveFailure?, _ countdown: Countdown,
        _ log: PhaseLog
    ) -> Result<PostgresSession, OpenFailure> {
        let parameters = PostgresParameters(kind: kind, address: address, timeout: timeout)
        do throws(PostgresFailure) {
            return .success(try connect(parameters, stale, countdown, log))
        } catch {
            var result = verdict.result(error, allowed: timeout)
            var isOfThisAddressAlone = false
            switch error {
            case .timeout(.connect): isOfThisAddressAlone = true
            case .lost(.connect):
                isOfThisAddressAlone = true
                // libpq says why only in words of the system's language; the kernel says it in a number.
                if let cause = StreamSocket.failure(connectingTo: endpoint, countdown) {
                    result = cause.result(at: kind.database.text)
                }
            default: break
            }
            return .failure(OpenFailure(result: result, isOfThisAddressAlone: isOfThisAddressAlone))
        }
    }

    /// Connects; where the other side refuses that, or hangs up, once more with fewer start parameters.
    private func connect(
        _ parameters: PostgresParameters, _ stale: ResolveFailure?, _ countdown: Countdown, _ log: PhaseLog
    ) throws(PostgresFailure) -> PostgresSession {
        var extras = parameters.extras(after: refusals)
        var refused: [(extra: PostgresExtra, cause: PostgresRefusals.Cause)] = []
        while true {
            do throws(PostgresFailure) {
                let session = try connect(parameters, extras, stale, countdown, log)
                extrasClearedAt = nil
                for (extra, cause) in refused { refusals.note(extra, cause) }
                return session
            } catch {
                guard error.mayBeForStartParameters else {
                    // It came further than before, to the password, say.
                    if case .server = error, !refused.contains(where: { $0.cause == .closed }) {
                        for (extra, cause) in refused { refusals.note(extra, cause) }
                    }
                    throw error
                }
                guard let fewer = parameters.fewer(than: extras), !areCleared else {
                    if !refused.isEmpty { extrasClearedAt = time.now }
                    throw error
                }
                refused.append((fewer.without, error.cause))
                extras = fewer.extras
            }
        }
    }

    private var areCleared: Bool {
        extrasClearedAt.map { time.now - $0 < Refusals<PostgresExtra>.interval } ?? false
    }

    private func connect(
        _ parameters: PostgresParameters, _ extras: PostgresParameters.Extras, _ stale: ResolveFailure?,
        _ countdown: Countdown, _ log: PhaseLog
    ) throws(PostgresFailure) -> PostgresSession {
        let started = time.now
        log.enter(.connect)
        guard let connection = PostgresConnection(parameters.list(extras)) else { throw .lost(.connect) }
        let made = Starting(connection: connection, extras: extras, since: started, staleBecause: stale)
        do throws(PostgresFailure) {
            try connection.connect(countdown, log)
        } catch {
            if case .timeout = error, connection.isAwaited {
                connection.keepAlive()
                starting.append(made)
            }
            throw error
        }
        do throws(PostgresFailure) {
            return try session(made, log, countdown)
        } catch {
            // Hung up on at the first question, which was ours: connected once more, it is not asked.
            guard error.mayBeHungUp, !connection.isOpen, refusals.cause(.inspection) == nil else {
                throw error
            }
            refusals.note(.inspection, error.cause)
            return try connect(parameters, extras, stale, countdown, log)
        }
    }

    /// Finds out what guards the statements of a connection that is ready.
    private func session(_ made: Starting, _ log: PhaseLog, _ countdown: Countdown)
        throws(PostgresFailure) -> PostgresSession
    {
        log.enter(.processing)
        var guarding = refusals.cause(.limits) == nil ? PostgresGuard.statement : .none
        if made.extras == .all, refusals.cause(.inspection) == nil {
            do throws(PostgresFailure) {
                let inForce = try PostgresGuard.inForce(
                    made.connection, PostgresLimits(within: timeout), countdown)
                if inForce.isSession { guarding = inForce }
                refusals.forget(.inspection)
            } catch {
                guard error.isRefusal, made.connection.isOpen else { throw error }
                refusals.note(.inspection, error.cause)
            }
        }
        return PostgresSession(
            made.connection, guarding, refusals, canceller, since: time.now,
            staleBecause: made.staleBecause)
    }
}
