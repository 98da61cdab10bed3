// SPDX-License-Identifier: Apache-2.0

import NIOHTTP1

/// How the body that a head announces is to be read, proven against what its route takes.
struct BodyPlan {
    /// Where it ends.
    let framing: BodyFraming
    /// Whether it is gzip.
    let isCompressed: Bool
    /// The most bytes of it, after inflation.
    let limit: Int
    /// The most bytes of it on the wire: what cannot be compressed becomes a little longer by gzip.
    let wireLimit: Int
    /// Whether the client waits to be told that its body is wanted (RFC 9110, section 10.1.1).
    let isAwaited: Bool

    /// Why it is not read; the connection ends with the answer, since nothing behind the head can be told from it.
    struct Refusal: Error {
        let answer: HTTPAnswer

        fileprivate init(
            _ status: HTTPResponseStatus, _ sentence: String, _ field: (name: String, value: String)? = nil
        ) {
            var answer = HTTPAnswer.refusal(status, "\(status.code): \(sentence)")
            if let field { answer.headers.append(field) }
            self.answer = answer
        }
    }

    /// Looks at a head that announces a body.
    init(_ head: HTTPRequestHead, for rule: BodyRule) throws(Refusal) {
        guard case .upTo(let limit, let types) = rule else {
            throw Self.unwanted
        }
        self.limit = limit
        framing = try Self.framing(head)
        try Self.checkType(head.headers["content-type"], types)
        isCompressed = try Self.isCompressed(head.headers[canonicalForm: "content-encoding"])
        wireLimit = isCompressed ? limit + 16_384 : limit
        if case .length(let length) = framing, length > wireLimit { throw Self.tooLong(limit) }
        let expectations = head.version.isBefore1_1 ? [] : head.headers[canonicalForm: "expect"]
        guard expectations.allSatisfy({ $0.lowercased() == "100-continue" }) else {
            throw Refusal(.expectationFailed, "Expect: only 100-continue is known. Remove the header.")
        }
        isAwaited = !expectations.isEmpty
    }

    /// The answer to a body where none is taken.
    static let unwanted = Refusal(
        .payloadTooLarge, "no body is taken here. Send the request without one.")

    /// The answer to a body beyond its bound.
    static func tooLong(_ limit: Int) -> Refusal {
        Refusal(.payloadTooLarge, "the body is longer than \(limit) bytes. Send it in parts.")
    }

    /// The answer where all bodies together hold too much.
    static let tooMany = Refusal(
        .serviceUnavailable, "too many request bodies are being read at once. Try again later.",
        ("Retry-After", "1"))

    /// The answer to a body that is not the gzip it says it is.
    static let notGzip = Refusal(.badRequest, "the body is not valid gzip.")

    private static func framing(_ head: HTTPRequestHead) throws(Refusal) -> BodyFraming {
        do throws(BodyFraming.Fault) {
            return try BodyFraming(head)
        } catch {
            switch error {
            case .length: throw Refusal(.badRequest, "Content-Length is not one number.")
            case .ambiguous:
                throw Refusal(
                    .badRequest,
                    "Content-Length and Transfer-Encoding contradict each other. Send one of them.")
            case .coding:
                throw Refusal(
                    .notImplemented, "Transfer-Encoding: only chunked is known. Compress by Content-Encoding."
                )
            }
        }
    }

    private static func checkType(_ fields: [String], _ types: [String]) throws(Refusal) {
        let given = fields.first?.prefix { $0 != ";" && $0 != " " && $0 != "\t" }.lowercased()
        guard fields.count == 1, let given, types.contains(given) else {
            throw Refusal(
                .unsupportedMediaType, "Content-Type must be \(types.joined(separator: " or ")) for a body.")
        }
    }

    private static func isCompressed(_ codings: [Substring]) throws(Refusal) -> Bool {
        let codings = codings.map { $0.lowercased() }.filter { $0 != "identity" && !$0.isEmpty }
        guard let coding = codings.first else { return false }
        guard codings.count == 1, coding == "gzip" || coding == "x-gzip" else {
            throw Refusal(
                .unsupportedMediaType, "Content-Encoding: only gzip is known. Send the body so, or as it is.",
                ("Accept-Encoding", "gzip"))
        }
        return true
    }
}
