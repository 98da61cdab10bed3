// SPDX-License-Identifier: Apache-2.0

import Vitals

/// What a failure of Redis says about it. An error reply counts by its first word; its sentence is not shown,
/// because it may repeat what was sent.
struct RedisVerdict {
    let target: RedisTarget

    /// The result of an attempt that ended in `failure` at a step; `allowed` is the check's timeout.
    func result(_ failure: RedisFailure, at phase: ProbePhase, allowed: Duration) -> ProbeResult {
        let place = target.address
        switch failure {
        case .timeout:
            return ProbeResult(
                .fail, reason: Reason("timeout.\(phase.word)"),
                message: "\(place) did not answer within \(DurationText.render(allowed)), \(phase.doing)")
        case .broken(let code):
            let failure = ProbeFailure(errno: code, place: place)
            return ProbeResult(failure.outcome, reason: failure.reason, message: failure.message)
        case .closed:
            return ProbeResult(
                .fail, reason: "closed",
                message: "\(place) closed the connection without a word, \(phase.doing)")
        case .malformed:
            return ProbeResult(
                .fail, reason: "protocol", message: "\(place) does not speak the Redis protocol")
        case .oversized:
            return ProbeResult(
                .fail, reason: "reply.large",
                message: "\(place) answered with more than a reply may have (1 MiB, 4096 elements)")
        case .reply(let code, let text, let question): return error(code, text, question)
        }
    }

    private func error(_ code: String, _ text: String, _ question: RedisFailure.Question) -> ProbeResult {
        let place = target.address
        func fail(_ reason: Reason, _ fact: String) -> ProbeResult {
            ProbeResult(.fail, reason: reason, message: "\(place) \(fact)")
        }
        switch code {
        case "LOADING":
            return ProbeResult(
                .warn, reason: "loading", message: "\(place) is loading its data and does not serve yet")
        case "BUSY":
            return ProbeResult(
                .warn, reason: "busy",
                message:
                    "\(place) runs a script or function that does not end: SCRIPT KILL or FUNCTION KILL ends it"
            )
        case "NOAUTH":
            return fail("auth.required", "asks for a password: set passwordFile or passwordCredential")
        case "WRONGPASS": return fail("auth.failed", "does not accept the user or the password")
        case "NOPERM":
            // Without the user: a password that was written in its place would be told.
            return fail("auth.denied", "does not let the user of this check run \(Self.word(question))")
        case "MASTERDOWN":
            return fail("master.down", "is a replica that has lost its master and serves no data")
        case "MISCONF":
            return fail("misconf", "cannot write its snapshots to disk and refuses writes: look at its log")
        case "CLUSTERDOWN": return fail("cluster.down", "belongs to a cluster that does not serve")
        case "READONLY": return fail("readonly", "is a replica and refuses the write")
        case "OOM": return fail("oom", "has no memory left below maxmemory and refuses the command")
        case "DENIED": return fail("denied", "is in protected mode and takes only local connections")
        case "NOREPLICAS": return fail("replicas.missing", "has not enough replicas and refuses writes")
        case "ERR" where Self.maxClients == text:
            return fail("saturated", "has no connection left (maxclients)")
        default: break
        }
        return switch question {
        // Before Redis 6 a wrong password was a plain ERR; so is one that nobody asked for.
        case .auth: fail("auth.failed", "does not accept the user or the password")
        case .select: fail("database.missing", "has no database \(target.database)")
        case .ping: fail("server.error", "answers PING with an error")
        case .command: fail("command.failed", "answers the command with an error (\(Self.shown(code)))")
        }
    }

    /// What Redis says before it closes a connection too many (networking.c, acceptCommonHandler).
    static let maxClients = "ERR max number of clients reached"

    private static func word(_ question: RedisFailure.Question) -> String {
        switch question {
        case .auth: "AUTH"
        case .select: "SELECT"
        case .ping: "PING"
        case .command: "the command"
        }
    }

    /// The code itself, where it looks like one.
    static func shown(_ code: String) -> String {
        let isCode = code.utf8.count <= 20 && code.utf8.allSatisfy { $0 >= 0x41 && $0 <= 0x5A }
        return isCode ? code : "without a code"
    }
}
