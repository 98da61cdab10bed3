// SPDX-License-Identifier: Apache-2.0

import Vitals

/// What a check of Redis asks for and can do without, in the words of the log and of the fact `refused`.
enum RedisExtra: String, CustomStringConvertible {
    /// Only where a command is configured, which then is the question.
    case ping = "PING"
    /// Only for CLIENT LIST.
    case setName = "CLIENT SETNAME"
    case info = "INFO"
    case clusterInfo = "CLUSTER INFO"

    var description: String { rawValue }

    /// What vitald does without it.
    var consequence: String {
        switch self {
        case .ping: "only the configured command is sent"
        case .setName: "vitald's connections have no name there"
        case .info: "role, replication link, memory and statistics are not known"
        case .clusterInfo: "the state of the cluster is not known"
        }
    }
}

/// The refusals that a check of Redis has met. Confined to the event loop.
final class RedisRefusals {
    typealias Cause = Refusals<RedisExtra>.Cause

    /// What a check that follows this one goes on with.
    private final class Memory {
        var list = Refusals<RedisExtra>()
        /// Whether INFO was closed at or late once, and not answered since.
        var isInfoCut = false
        /// Whether what INFO said last was a warning.
        var hasWarned = false
    }

    private let kind: RedisKind
    private let time: any TimeSource
    private let memory: Memory

    /// Begins with nothing, or goes on with what another check of the same target has met.
    init(_ kind: RedisKind, time: any TimeSource, following other: RedisRefusals? = nil) {
        self.kind = kind
        self.time = time
        memory = other?.memory ?? Memory()
    }

    /// Whether what INFO said last was a warning.
    var hasWarned: Bool { memory.hasWarned }

    /// How something was refused lately; nil when it is to be asked for. What the check needs is asked for again
    /// sooner, and at every attempt where it was only late.
    func cause(_ extra: RedisExtra) -> Cause? {
        let isNeeded = extra == .info && isInfoNeeded
        let interval =
            isNeeded ? Refusals<RedisExtra>.shortInterval : Refusals<RedisExtra>.interval
        let cause = memory.list.cause(extra, at: time.now, for: interval)
        return isNeeded && cause == .late ? nil : cause
    }

    func note(_ extra: RedisExtra, _ cause: Cause) {
        memory.list.note(extra, cause, at: time.now, consequence: extra.consequence)
    }

    func forget(_ extra: RedisExtra) {
        memory.list.forget(extra)
        memory.isInfoCut = memory.isInfoCut && extra != .info
    }

    /// Takes the reply to something: an error is remembered, unless it is about the server's state, which may be over
    /// in a moment; then it is given back.
    @discardableResult
    func learn(_ extra: RedisExtra, from reply: RedisReply) -> Cause? {
        guard let code = reply.errorCode else {
            forget(extra)
            return nil
        }
        if Self.passing.contains(code) { return .unable }
        note(extra, .code(RedisVerdict.shown(code)))
        return nil
    }

    /// Takes note that a request was cut short. INFO, by which a check warns, is not refused by that: once may be
    /// chance, and a server that is slow now may have news in a moment.
    func learn(_ extra: RedisExtra, cutShort failure: RedisFailure) {
        let cause = Cause(failure)
        if extra == .info, cause == .closed || cause == .late {
            if cause == .late, isInfoNeeded { return }
            guard memory.isInfoCut else {
                memory.isInfoCut = true
                return
            }
        }
        note(extra, cause)
    }

    /// Takes note of what a whole INFO said.
    func learn(warning: Bool) { memory.hasWarned = warning }

    private var isInfoNeeded: Bool { kind.role != .any || kind.warnMemoryPercent != nil || hasWarned }

    private static let passing: Set<String> = [
        "LOADING", "BUSY", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "MISCONF", "OOM", "READONLY",
        "NOREPLICAS", "UNKILLABLE",
    ]

    /// Adds what there is to say to the result of an attempt.
    func tell(_ result: inout ProbeResult) {
        if let fact = memory.list.fact { result.facts.append(fact) }
        result.remarks = memory.list.remarks().map { "\(kind.server.address): \($0)" }
    }
}

extension RedisRefusals.Cause {
    /// How a request ended that was cut short.
    init(_ failure: RedisFailure) {
        self =
            switch failure {
            case .timeout: .late
            case .oversized: .large
            case .reply(let code, _, _): .code(RedisVerdict.shown(code))
            case .malformed: .malformed
            case .broken, .closed: .closed
            }
    }
}
