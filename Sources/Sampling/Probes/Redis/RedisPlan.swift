// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Outbound
import Vitals

/// What a redis probe asks at each attempt, and how it reads the answers.
///
/// PING and the configured command are the question. PING alone lies: it is answered while every write fails because
/// memory is used up, and by a replica that has lost its master. So INFO is asked for too, where the server lets us:
/// after the question on a new connection, and in the same write as soon as it has been answered there once, so that an
/// attempt is one round trip. A proxy that closes the connection at what it does not know (twemproxy) would otherwise
/// take the answer to the question with it.
struct RedisPlan: Sendable {
    static let pong = RedisReply.status("PONG")
    static let clusterQuestion = ByteBuffer(bytes: RedisCommand.bytes(["CLUSTER", "INFO"]))

    /// Commands that are sent in one go.
    struct Request: Sendable {
        let bytes: ByteBuffer
        /// How many replies they have.
        let replies: Int
        let asksPing: Bool
        let asksInfo: Bool
        /// The replies that are waited for only after this one; nil where all are waited for.
        let first: RedisReply?
    }

    /// What the replies to the question say when none of them decides against the server.
    struct Answer {
        /// The refusal of PING, where the configured command was answered all the same.
        var pingRefusal: RedisReply?
        /// The replies to INFO that are there.
        var infos: ArraySlice<RedisReply> = []
    }

    let kind: RedisKind
    let dial: Dial.Plan
    /// What the check is given, for sentences.
    let timeout: Duration
    private let whole: Request
    private let question: Request
    private let wholeWithoutPing: Request
    private let questionWithoutPing: Request
    private let info: ByteBuffer
    private let setName = ByteBuffer(bytes: RedisCommand.bytes(["CLIENT", "SETNAME", "vitald"]))
    let infoCount: Int

    init(_ kind: RedisKind, timeout: Duration) {
        self.kind = kind
        self.timeout = timeout
        dial = Dial.Plan(endpoint: kind.server.place, tls: nil, linkLocal: .allowed)
        // Several sections in one INFO need Redis 7; the whole INFO costs the server three times as much.
        let infos = kind.statistics ? [["INFO"]] : [["INFO", "replication"], ["INFO", "memory"]]
        infoCount = infos.count
        info = ByteBuffer(bytes: infos.flatMap { RedisCommand.bytes($0) })
        func request(ping: Bool, info: Bool) -> Request {
            var commands = ping ? [["PING"]] : []
            if !kind.command.isEmpty { commands.append(kind.command) }
            if info { commands += infos }
            return Request(
                bytes: ByteBuffer(bytes: commands.flatMap { RedisCommand.bytes($0) }),
                replies: commands.count, asksPing: ping, asksInfo: info,
                first: kind.command.isEmpty ? Self.pong : nil)
        }
        whole = request(ping: true, info: true)
        question = request(ping: true, info: false)
        wholeWithoutPing = request(ping: kind.command.isEmpty, info: true)
        questionWithoutPing = request(ping: kind.command.isEmpty, info: false)
    }

    /// The question, together with INFO or not. PING is left out only where a command is configured.
    func request(withPing: Bool, withInfo: Bool) -> Request {
        withPing ? withInfo ? whole : question : withInfo ? wholeWithoutPing : questionWithoutPing
    }

    /// The step at which a new connection introduces itself.
    var greetingPhase: ProbePhase { kind.password == nil ? .processing : .authenticate }

    /// Shows who we are and chooses the database: the bytes, and what a reply to each part is about. Nothing where
    /// neither is configured.
    ///
    /// Built each time, because it holds the password.
    func greeting() -> (request: ByteBuffer, questions: [RedisFailure.Question]) {
        var questions: [RedisFailure.Question] = []
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
        return (ByteBuffer(bytes: request), questions)
    }

    /// What is asked for on a new connection after the question: its name, and what the server says of itself.
    func extras(_ refusals: RedisRefusals) -> (request: ByteBuffer, asked: [RedisExtra]) {
        var request = ByteBuffer()
        var asked: [RedisExtra] = []
        if refusals.cause(.setName) == nil {
            request.writeImmutableBuffer(setName)
            asked.append(.setName)
        }
        if refusals.cause(.info) == nil {
            request.writeImmutableBuffer(info)
            asked += Array(repeating: .info, count: infoCount)
        }
        return (request, asked)
    }

    /// Why a connection that was answered like this is not taken; nil when it is.
    func refusal(
        of greeting: RedisConversation.Exchange, _ questions: [RedisFailure.Question]
    ) -> RedisFailure? {
        if let reply = greeting.replies.first, let refusal = Self.turnedAway(reply) { return refusal }
        for (reply, question) in zip(greeting.replies, questions) {
            if let refusal = Self.refusal(reply, question) { return refusal }
        }
        return greeting.cutShort
    }

    /// Reads the replies to a question; throws what decides against the server.
    func answer(in exchange: RedisConversation.Exchange, to request: Request) throws(RedisFailure) -> Answer {
        var answer = Answer()
        var replies = exchange.replies[...]
        guard let first = replies.first else { throw exchange.cutShort ?? .closed }
        if let refusal = Self.turnedAway(first) { throw refusal }
        if request.asksPing {
            replies = replies.dropFirst()
            if let refusal = Self.refusal(first, .ping) {
                // A proxy or the rights of a user may leave PING out; the command then says how the server is.
                guard !kind.command.isEmpty, let code = first.errorCode, code == "ERR" || code == "NOPERM"
                else { throw refusal }
                answer.pingRefusal = first
            } else if first != Self.pong {
                throw .malformed
            }
        }
        if !kind.command.isEmpty {
            guard let reply = replies.popFirst() else { throw exchange.cutShort ?? .closed }
            if let refusal = Self.refusal(reply, .command) { throw refusal }
        }
        answer.infos = replies
        return answer
    }

    /// Whether the server's part in a cluster is to be asked for.
    func isPartOfCluster(_ info: RedisInfo) -> Bool {
        kind.statistics && info.integer("cluster_enabled") == 1
    }

    /// The verdict on a server that answered; `refused` says why INFO is missing.
    func result(_ findings: RedisFindings, took: Duration, refused: RedisRefusals.Cause?) -> ProbeResult {
        var result = findings.result
        if kind.statistics {
            let error =
                switch refused {
                case nil: ""
                case .code: "denied"
                case .closed: "closed"
                case .large: "large"
                case .malformed: "protocol"
                case .late: "timeout"
                case .unable: "unable"
                }
            result.series =
                RedisFamilies.series(findings.info) + [
                    SeriesPoint(
                        RedisFamilies.scrapeError, .integer(refused == nil ? 0 : 1),
                        labels: [(name: "err", value: error)]),
                    SeriesPoint(RedisFamilies.scrapeDuration, .nanos(took.nanoseconds)),
                    SeriesPoint(RedisFamilies.ping, .nanos(findings.latency.nanoseconds)),
                ]
        }
        return result
    }

    /// What a server says to a connection that it does not let in, before it is asked for anything.
    private static func turnedAway(_ reply: RedisReply) -> RedisFailure? {
        guard case .error(let text) = reply else { return nil }
        if text == RedisVerdict.maxClients { return .reply(code: "ERR", text: text, to: .ping) }
        if text.hasPrefix("DENIED ") { return .reply(code: "DENIED", text: text, to: .ping) }
        return nil
    }

    private static func refusal(_ reply: RedisReply, _ question: RedisFailure.Question) -> RedisFailure? {
        guard case .error(let text) = reply, let code = reply.errorCode else { return nil }
        return .reply(code: code, text: text, to: question)
    }
}
