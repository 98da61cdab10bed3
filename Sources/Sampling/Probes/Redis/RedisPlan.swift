// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Vitals

/// What a redis probe asks at each attempt, and how it reads the answers.
///
/// INFO goes along with PING in the same write. PING alone lies: it is answered while every write fails for want of
/// memory, and by a replica that has lost its master.
struct RedisPlan: Sendable {
    static let pong = RedisReply.status("PONG")
    static let clusterQuestion = ByteBuffer(bytes: RedisCommand.bytes(["CLUSTER", "INFO"]))

    let kind: RedisKind
    let dial: Dial.Plan
    /// What the check is given, for sentences.
    let timeout: Duration
    /// PING, INFO and the configured command; always the same.
    let question: ByteBuffer
    /// How many replies it has.
    let replyCount: Int
    private let infoCount: Int

    init(_ kind: RedisKind, timeout: Duration) {
        self.kind = kind
        self.timeout = timeout
        dial = Dial.Plan(endpoint: kind.server.place, tls: nil, linkLocal: .allowed)
        // Several sections in one INFO need Redis 7; the whole INFO costs the server three times as much.
        let infos = kind.statistics ? [["INFO"]] : [["INFO", "replication"], ["INFO", "memory"]]
        infoCount = infos.count
        var commands = [["PING"]] + infos
        if !kind.command.isEmpty { commands.append(kind.command) }
        replyCount = commands.count
        question = ByteBuffer(bytes: commands.flatMap { RedisCommand.bytes($0) })
    }

    /// The step at which a new connection introduces itself.
    var greetingPhase: ProbePhase { kind.password == nil ? .processing : .authenticate }

    /// Shows who we are and chooses the database: the bytes, and what a reply to each part is about.
    ///
    /// Made anew each time, for it holds the password.
    func greeting() -> (request: ByteBuffer, questions: [RedisFailure.Question?]) {
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
        return (ByteBuffer(bytes: request), questions)
    }

    /// Why a connection that was answered like this is not taken; nil when it is.
    func refusal(
        of greeting: RedisConversation.Exchange, _ questions: [RedisFailure.Question?]
    ) -> RedisFailure? {
        if let reply = greeting.replies.first, case .error(let text) = reply {
            if text == RedisVerdict.maxClients { return .reply(code: "ERR", text: text, to: .ping) }
            if text.hasPrefix("DENIED ") { return .reply(code: "DENIED", text: text, to: .ping) }
        }
        for (reply, question) in zip(greeting.replies, questions) {
            if let question, let refusal = Self.refusal(reply, question) { return refusal }
        }
        return greeting.cutShort
    }

    /// What the server says of itself in its replies to the question.
    func info(in answer: RedisConversation.Exchange) throws(RedisFailure) -> RedisInfo {
        guard let pong = answer.replies.first else { throw answer.cutShort ?? .closed }
        if let refusal = Self.refusal(pong, .ping) { throw refusal }
        guard pong == Self.pong else { throw .malformed }
        if let failure = answer.cutShort { throw failure }
        var info = RedisInfo()
        for reply in answer.replies[1..<(1 + infoCount)] { info.add(reply) }
        if !kind.command.isEmpty, let refusal = answer.replies.last.flatMap({ Self.refusal($0, .command) }) {
            throw refusal
        }
        return info
    }

    /// Whether the server's part in a cluster is to be asked for.
    func isPartOfCluster(_ info: RedisInfo) -> Bool {
        kind.statistics && info.integer("cluster_enabled") == 1
    }

    /// The verdict on a server that answered; `took` is the time for everything.
    func result(_ answer: RedisConversation.Exchange, _ info: RedisInfo, asked: Instant, took: Duration)
        -> ProbeResult
    {
        let latency = answer.first.map { $0 - asked } ?? took
        var result = RedisFindings(kind: kind, latency: latency, info: info).result
        if kind.statistics {
            let denied = answer.replies[1].errorCode != nil
            result.series =
                RedisFamilies.series(info) + [
                    SeriesPoint(
                        RedisFamilies.scrapeError, .integer(denied ? 1 : 0),
                        labels: [(name: "err", value: denied ? "denied" : "")]),
                    SeriesPoint(RedisFamilies.scrapeDuration, .nanos(took.nanoseconds)),
                    SeriesPoint(RedisFamilies.ping, .nanos(latency.nanoseconds)),
                ]
        }
        return result
    }

    private static func refusal(_ reply: RedisReply, _ question: RedisFailure.Question) -> RedisFailure? {
        guard case .error(let text) = reply, let code = reply.errorCode else { return nil }
        return .reply(code: code, text: text, to: question)
    }
}
