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
        case .ping: "the configured command alone is asked"
        case .setName: "vitald's connections have no name there"
        case .info: "role, replication link, memory and statistics are not known"
        case .clusterInfo: "the state of the cluster is not known"
        }
    }
}

/// The refusals that a check of Redis has met. Confined to the event loop.
final class RedisRefusals {
    typealias Cause = Refusals<RedisExtra>.Cause

    private let kind: RedisKind
    private let time: any TimeSource
    private var list = Refusals<RedisExtra>()

    init(_ kind: RedisKind, time: any TimeSource) {
        self.kind = kind
        self.time = time
    }

    func cause(_ extra: RedisExtra) -> Cause? {
        let isNeeded = extra == .info && (kind.role != .any || kind.warnMemoryPercent != nil)
        return list.cause(
            extra, at: time.now,
            for: isNeeded ? Refusals<RedisExtra>.shortInterval : Refusals<RedisExtra>.interval)
    }

    func note(_ extra: RedisExtra, _ cause: Cause) {
        list.note(extra, cause, at: time.now, consequence: extra.consequence)
    }

    func forget(_ extra: RedisExtra) { list.forget(extra) }

    /// Takes the reply to something: an error is remembered, unless it is about the server's state, which may be over
    /// in a moment.
    func learn(_ extra: RedisExtra, from reply: RedisReply) {
        guard let code = reply.errorCode else { return forget(extra) }
        if !Self.passing.contains(code) { note(extra, .code(RedisVerdict.shown(code))) }
    }

    private static let passing: Set<String> = [
        "LOADING", "BUSY", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "MISCONF", "OOM", "READONLY",
        "NOREPLICAS", "UNKILLABLE",
    ]

    /// Adds what there is to say to the result of an attempt.
    func tell(_ result: inout ProbeResult) {
        if let fact = list.fact { result.facts.append(fact) }
        result.remarks = list.remarks().map { "\(kind.server.address): \($0)" }
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
