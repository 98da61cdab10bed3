// SPDX-License-Identifier: Apache-2.0

import Vitals

/// Probes one Postgres database: keeps a connection, asks it at every attempt, and makes a new one every minute,
/// so that what keeps clients out (passwords, limits, addresses) is seen too.
final class PostgresProbe: LaneWork {
    /// A kept connection says nothing about whether a new one would be taken.
    static let reconnectInterval = Duration.seconds(60)

    private struct Kept {
        let connection: PostgresConnection
        let since: Instant
        /// Why it was made to an address of earlier, where it was: then the name is asked for again soon.
        let staleBecause: ResolveFailure?
    }

    private let kind: PostgresKind
    private let timeout: Duration
    private let time: any TimeSource
    private let resolver: Resolver
    private let verdict: PostgresVerdict
    private var kept: Kept?
    private var statistics = PostgresStatistics()

    init(_ kind: PostgresKind, timeout: Duration, time: any TimeSource, resolver: Resolver) {
        self.kind = kind
        self.timeout = timeout
        self.time = time
        self.resolver = resolver
        verdict = PostgresVerdict(target: kind.database)
    }

    var seriesWhenDown: [SeriesPoint] {
        [SeriesPoint(PostgresFamilies.up, .integer(0), whenStale: .zero)]
    }

    func close() { kept = nil }

    func probe(_ attempt: Attempt) -> ProbeResult {
        let log = PhaseLog(attempt: attempt, time: time)
        let countdown = Countdown(time: time, deadline: attempt.deadline)
        var result = examine(attempt, countdown, log)
        log.leave()
        result.phases = log.timings
        let up = result.outcome == .pass || result.outcome == .warn && result.reason != "starting"
        result.series.insert(
            SeriesPoint(PostgresFamilies.up, .integer(up ? 1 : 0), whenStale: .zero), at: 0)
        return result
    }

    private func examine(_ attempt: Attempt, _ countdown: Countdown, _ log: PhaseLog) -> ProbeResult {
        let isFresh = kept.map {
            $0.staleBecause == nil && attempt.started - $0.since < Self.reconnectInterval
        }
        if let kept, isFresh == true {
            do throws(PostgresFailure) {
                return try ask(kept.connection, countdown, log)
            } catch {
                self.kept = nil
                // That it ended while idle is no failure of the target: a new connection shows what is.
                guard error.endsKeptConnection else { return verdict.result(error, allowed: timeout) }
            }
        }
        return renew(countdown, log)
    }

    /// Makes the new connection before the old one goes.
    private func renew(_ countdown: Countdown, _ log: PhaseLog) -> ProbeResult {
        let (opened, stale) = connect(countdown, log)
        switch opened {
        case .success(let connection):
            kept = Kept(connection: connection, since: time.now, staleBecause: stale)
            do throws(PostgresFailure) {
                var result = try ask(connection, countdown, log)
                if let stale { result.note(stale) }
                return result
            } catch {
                kept = nil
                return verdict.result(error, allowed: timeout)
            }
        case .failure(let refusal):
            let result = refusal.result
            guard result.reason == "saturated", let old = kept else {
                // An old connection stays: what refuses the new one may be gone at the next attempt.
                return result
            }
            return askSaturated(old.connection, refused: result, countdown, log)
        }
    }

    /// No connection is left, but ours may still be served: then the server works, for those who are in.
    private func askSaturated(
        _ connection: PostgresConnection, refused: ProbeResult, _ countdown: Countdown, _ log: PhaseLog
    ) -> ProbeResult {
        do throws(PostgresFailure) {
            var result = try ask(connection, countdown, log)
            guard result.outcome != .fail else { return result }
            result.outcome = .warn
            result.reason = refused.reason
            result.message = refused.message + ", while the connection of vitald still answers"
            return result
        } catch {
            kept = nil
            return refused
        }
    }

    private func connect(_ countdown: Countdown, _ log: PhaseLog)
        -> (Result<PostgresConnection, Refusal>, ResolveFailure?)
    {
        let target = kind.database
        if target.isLocal {
            let path = "\(target.host)/.s.PGSQL.\(target.port)"
            return (open(nil, .path(path), countdown, log).mapError { Refusal($0.result) }, nil)
        }
        log.enter(.resolve)
        let resolution: Resolution
        do throws(ResolveFailure) {
            resolution = try resolver.resolve(
                target.hostAddress ?? target.host, port: target.port, until: countdown.deadline)
        } catch {
            return (
                .failure(Refusal(error)),
                nil
            )
        }
        var last: Refusal?
        let count = resolution.addresses.count
        for (index, address) in resolution.addresses.enumerated() {
            let part = countdown.share(of: count - index)
            switch open(address.numeric, .address(address), part, log) {
            case .success(let connection): return (.success(connection), resolution.staleBecause)
            case .failure(let refusal):
                last = Refusal(refusal.result)
                guard refusal.isOfThisAddressAlone else { return (.failure(Refusal(refusal.result)), nil) }
            }
        }
        let none = ProbeResult(.fail, reason: "dns.failed", message: "the name \(target.host) has no address")
        return (.failure(last ?? Refusal(none)), nil)
    }

    private struct OpenFailure: Error {
        let result: ProbeResult
        /// Whether another address of the name might do better.
        let isOfThisAddressAlone: Bool
    }

    private func open(
        _ address: String?, _ endpoint: Endpoint, _ countdown: Countdown, _ log: PhaseLog
    ) -> Result<PostgresConnection, OpenFailure> {
        let parameters = PostgresParameters(kind: kind, address: address, timeout: timeout)
        do throws(PostgresFailure) {
            return .success(try parameters.open(countdown, log))
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

    /// Asks a connection everything that the check wants to know.
    private func ask(_ connection: PostgresConnection, _ countdown: Countdown, _ log: PhaseLog)
        throws(PostgresFailure) -> ProbeResult
    {
        log.enter(.processing)
        let started = time.now
        var role: PostgresRole?
        if let query = kind.query { _ = try connection.rows(of: query, countdown) }
        let asked = time.now
        do throws(PostgresFailure) {
            role = try PostgresRole.read(connection, countdown)
        } catch .server(let state, _) where state.kind == "42" && kind.role == .any {
            // Something that speaks Postgres without being one; it still has to answer.
            _ = try connection.rows(of: PostgresKind.defaultQuery, countdown)
        }
        let latency = (kind.query == nil ? time.now : asked) - started
        let used = try PostgresUse.read(connection, when: kind.warnConnectionsPercent != nil, countdown)
        var findings = PostgresFindings(kind: kind, latency: latency, role: role, use: used)
        findings.version = connection.version
        var result = findings.result
        if kind.statistics {
            let (series, fatal) = statistics.read(connection, role: role, countdown)
            result.series = series
            // The verdict stands; only the connection is of no more use.
            if fatal != nil { kept = nil }
        }
        return result
    }
}
