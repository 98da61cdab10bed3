// SPDX-License-Identifier: Apache-2.0

import Vitals

/// Probes one Redis: keeps a connection, sends PING at every attempt, and makes a new one every minute.
///
/// INFO goes along in the same write. PING alone lies: it is answered while every write fails for want of memory,
/// and by a replica that has lost its master.
final class RedisProbe: LaneWork {
    /// A kept connection says nothing about whether a new one would be taken.
    static let reconnectInterval = Duration.seconds(60)

    private struct Kept {
        let connection: RedisConnection
        let since: Instant
        /// Why it was made to an address of earlier, where it was: then the name is asked for again soon.
        let staleBecause: ResolveFailure?
    }

    private let kind: RedisKind
    private let timeout: Duration
    private let time: any TimeSource
    private let resolver: Resolver
    private let verdict: RedisVerdict
    /// PING, INFO and the configured command; always the same.
    private let question: [UInt8]
    private let infoCount: Int
    private let clusterQuestion = RedisCommand.bytes(["CLUSTER", "INFO"])
    private var kept: Kept?

    init(_ kind: RedisKind, timeout: Duration, time: any TimeSource, resolver: Resolver) {
        self.kind = kind
        self.timeout = timeout
        self.time = time
        self.resolver = resolver
        verdict = RedisVerdict(target: kind.server)
        // Several sections in one INFO need Redis 7; the whole INFO costs the server three times as much.
        let infos = kind.statistics ? [["INFO"]] : [["INFO", "replication"], ["INFO", "memory"]]
        infoCount = infos.count
        var commands = [["PING"]] + infos
        if !kind.command.isEmpty { commands.append(kind.command) }
        question = commands.flatMap { RedisCommand.bytes($0) }
    }

    var seriesWhenDown: [SeriesPoint] {
        [SeriesPoint(RedisFamilies.up, .integer(0), whenStale: .zero)]
    }

    func close() { kept = nil }

    func probe(_ attempt: Attempt) -> ProbeResult {
        let log = PhaseLog(attempt: attempt, time: time)
        let countdown = Countdown(time: time, deadline: attempt.deadline)
        var result = examine(attempt, countdown, log)
        log.leave()
        result.phases = log.timings
        let up = result.outcome == .pass || result.outcome == .warn && result.reason != "loading"
        result.series.insert(SeriesPoint(RedisFamilies.up, .integer(up ? 1 : 0), whenStale: .zero), at: 0)
        return result
    }

    private func examine(_ attempt: Attempt, _ countdown: Countdown, _ log: PhaseLog) -> ProbeResult {
        let isFresh = kept.map {
            $0.staleBecause == nil && attempt.started - $0.since < Self.reconnectInterval
        }
        if let kept, isFresh == true {
            do throws(RedisFailure) {
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
        do throws(Refusal) {
            let (connection, stale) = try connect(countdown, log)
            do throws(RedisFailure) {
                var result = try ask(connection, countdown, log)
                kept = Kept(connection: connection, since: time.now, staleBecause: stale)
                if let stale { result.note(stale) }
                return result
            } catch {
                throw Refusal(verdict.result(error, allowed: timeout))
            }
        } catch {
            guard error.result.reason == "saturated", let old = kept else { return error.result }
            return askSaturated(old.connection, refused: error.result, countdown, log)
        }
    }

    /// No connection is left, but ours may still be served: then the server works, for those who are in.
    private func askSaturated(
        _ connection: RedisConnection, refused: ProbeResult, _ countdown: Countdown, _ log: PhaseLog
    ) -> ProbeResult {
        do throws(RedisFailure) {
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

    private func connect(_ countdown: Countdown, _ log: PhaseLog) throws(Refusal)
        -> (RedisConnection, ResolveFailure?)
    {
        let host: String
        let port: UInt16
        switch kind.server.place {
        case .socket(let path):
            do throws(RedisFailure) {
                return (try open(.path(path), countdown, log), nil)
            } catch { throw Refusal(verdict.result(error, allowed: timeout)) }
        case .host(let name, let number): (host, port) = (name, number)
        }
        log.enter(.resolve)
        let resolution: Resolution
        do throws(ResolveFailure) {
            resolution = try resolver.resolve(host, port: port, until: countdown.deadline)
        } catch {
            throw Refusal(error)
        }
        var last = RedisFailure.closed(.connect)
        let count = resolution.addresses.count
        for (index, address) in resolution.addresses.enumerated() {
            do throws(RedisFailure) {
                let part = countdown.share(of: count - index)
                let connection = try RedisConnection.open(.address(address), connecting(part, log))
                try greet(connection, countdown, log)
                return (connection, resolution.staleBecause)
            } catch {
                last = error
                switch error {
                // Another address of the name might do better.
                case .timeout(.connect), .socket(_, .connect): continue
                default: throw Refusal(verdict.result(error, allowed: timeout))
                }
            }
        }
        throw Refusal(verdict.result(last, allowed: timeout))
    }

    private func connecting(_ countdown: Countdown, _ log: PhaseLog) -> Countdown {
        log.enter(.connect)
        return countdown
    }

    private func open(_ endpoint: Endpoint, _ countdown: Countdown, _ log: PhaseLog)
        throws(RedisFailure)
        -> RedisConnection
    {
        let connection = try RedisConnection.open(endpoint, connecting(countdown, log))
        try greet(connection, countdown, log)
        return connection
    }

    /// Shows who we are and chooses the database.
    private func greet(_ connection: RedisConnection, _ countdown: Countdown, _ log: PhaseLog)
        throws(RedisFailure)
    {
        var questions: [RedisFailure.Question?] = []
        var request: [UInt8] = []
        if let password = kind.password {
            let user = kind.server.user
            request += password.reveal { RedisCommand.bytes(["AUTH"] + (user.map { [$0] } ?? []) + [$0]) }
            questions.append(.auth)
        }
        if kind.server.database != 0 {
            request += RedisCommand.bytes(["SELECT", "\(kind.server.database)"])
            questions.append(.select)
        }
        // Only for CLIENT LIST; whether it is allowed does not matter.
        request += RedisCommand.bytes(["CLIENT", "SETNAME", "vitald"])
        questions.append(nil)
        let phase = kind.password == nil ? ProbePhase.processing : .authenticate
        log.enter(phase)
        let greeting = try connection.exchange(request, replies: questions.count, phase, countdown)
        try refuseFullServer(greeting.replies.first)
        for (reply, question) in zip(greeting.replies, questions) {
            if let question { try refuseError(reply, question) }
        }
        if let failure = greeting.cutShort { throw failure }
    }

    private func refuseFullServer(_ reply: RedisReply?) throws(RedisFailure) {
        guard case .error(let text) = reply else { return }
        if text == RedisVerdict.maxClients { throw .reply(code: "ERR", text: text, to: .ping) }
        if text.hasPrefix("DENIED ") { throw .reply(code: "DENIED", text: text, to: .ping) }
    }

    private func refuseError(_ reply: RedisReply, _ question: RedisFailure.Question) throws(RedisFailure) {
        if let code = reply.errorCode, case .error(let text) = reply {
            throw .reply(code: code, text: text, to: question)
        }
    }

    /// Asks a connection everything that the check wants to know.
    private func ask(_ connection: RedisConnection, _ countdown: Countdown, _ log: PhaseLog)
        throws(RedisFailure) -> ProbeResult
    {
        log.enter(.processing)
        let started = time.now
        let count = 1 + infoCount + (kind.command.isEmpty ? 0 : 1)
        let answer = try connection.exchange(
            question, replies: count, wanted: .status("PONG"), .processing, countdown)
        let replies = answer.replies
        guard let pong = replies.first else { throw .closed(.processing) }
        try refuseError(pong, .ping)
        guard pong == .status("PONG") else { throw .malformed }
        if let failure = answer.cutShort { throw failure }
        var info = RedisInfo()
        for reply in replies[1..<(1 + infoCount)] { info.add(reply) }
        if !kind.command.isEmpty, let last = replies.last { try refuseError(last, .command) }
        if kind.statistics, info.integer("cluster_enabled") == 1 {
            let cluster = try connection.exchange(clusterQuestion, replies: 1, .processing, countdown)
            info.add(cluster.replies.first)
        }
        let latency = answer.first - started
        var result = RedisFindings(kind: kind, latency: latency, info: info).result
        if kind.statistics {
            let denied = replies[1].errorCode != nil
            result.series =
                RedisFamilies.series(info) + [
                    SeriesPoint(
                        RedisFamilies.scrapeError, .integer(denied ? 1 : 0),
                        labels: [(name: "err", value: denied ? "denied" : "")]),
                    SeriesPoint(RedisFamilies.scrapeDuration, .nanos((time.now - started).nanoseconds)),
                    SeriesPoint(RedisFamilies.ping, .nanos(latency.nanoseconds)),
                ]
        }
        return result
    }
}
