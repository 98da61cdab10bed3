// SPDX-License-Identifier: Apache-2.0

/// Why a call was refused: the `error` of a JSON-RPC response.
///
/// Codes -32700 … -32600 are JSON-RPC 2.0's own, -32001 … -32099 are vitald's; `kind` is the stable word
/// for programs, the message is for people and names the remedy where there is one.
package struct SocketFault: Error, Sendable, Equatable {
    /// The number on the wire.
    package let code: Int64
    /// The stable word in `data.kind`.
    package let kind: String
    /// The sentence.
    package let message: String
    /// More members of `data`.
    package let details: [Fact]
    /// Several faults at once, as a refused configuration has them; written as `data.faults`.
    package let sentences: [String]

    /// Makes a fault; the named ones below are meant to be used.
    package init(
        code: Int64, kind: String, message: String, details: [Fact] = [], sentences: [String] = []
    ) {
        self.code = code
        self.kind = kind
        self.message = message
        self.details = details
        self.sentences = sentences
    }

    /// Writes it as the value of `error`.
    package func write(into writer: inout JSONWriter) {
        writer.object { error in
            error.member("code", code)
            error.member("message", message)
            error.member(
                "data",
                object: { data in
                    data.member("kind", kind)
                    for fact in details { data.member(fact) }
                    if !sentences.isEmpty {
                        data.member(
                            "faults", array: { list in for sentence in sentences { list.string(sentence) } })
                    }
                })
        }
    }

    /// Reads the value of `error`, leniently: a client must be able to show whatever a later daemon says.
    package init(reading value: JSONValue) {
        let data = value["data"]
        code = value["code"]?.integer ?? 0
        message = value["message"]?.string ?? "an error without a message"
        kind = data?["kind"]?.string ?? ""
        sentences = data?["faults"]?.elements.compactMap(\.string) ?? []
        details =
            data?.members.compactMap { member in
                guard let name = member.key.string, name != "kind", name != "faults" else { return nil }
                return Fact(name, reading: member.value)
            } ?? []
    }
}

extension SocketFault {
    /// -32700: the line is not JSON as vitald accepts it.
    package static func parse(_ fault: JSONFault) -> SocketFault {
        SocketFault(
            code: -32700, kind: "parse", message: "not valid JSON: column \(fault.column): \(fault.what)",
            details: [Fact("column", .integer(Int64(fault.column)))])
    }

    /// -32600: JSON, but no request.
    package static func invalidRequest(_ what: String) -> SocketFault {
        SocketFault(code: -32600, kind: "invalid_request", message: what)
    }

    /// -32601: nobody knows this method.
    package static func unknownMethod(_ name: String) -> SocketFault {
        SocketFault(
            code: -32601, kind: "unknown_method",
            message: "there is no method \"\(Echo.cut(name))\"; describe lists those there are")
    }

    /// -32602: the method is known, its parameters are not right.
    package static func invalidParameter(_ name: String, _ what: String) -> SocketFault {
        SocketFault(
            code: -32602, kind: "invalid_parameter", message: "params.\(name): \(what)",
            details: [Fact("name", .text(name))])
    }

    /// -32602: the parameters as a whole are not right.
    package static func invalidParameters(_ what: String) -> SocketFault {
        SocketFault(
            code: -32602, kind: "invalid_parameter", message: "params: \(what)",
            details: [Fact("name", .text("params"))])
    }

    /// -32603: vitald could not answer, through no fault of the caller.
    package static func unavailable(_ what: String) -> SocketFault {
        SocketFault(code: -32603, kind: "unavailable", message: what)
    }

    /// -32001: the peer lacks the role.
    package static func denied(_ method: String, needs: SocketRole, has roles: Set<SocketRole>, uid: UInt32?)
        -> SocketFault
    {
        let had = roles.sorted().map(\.rawValue).joined(separator: ", ")
        return SocketFault(
            code: -32001, kind: "denied",
            message:
                "\(method) needs the role \(needs.rawValue); uid \(uid.map(String.init) ?? "unknown") has "
                + (had.isEmpty ? "none" : had)
                + (needs == .admin ? ". Call it as root or as the user that vitald runs as." : ""),
            details: [Fact("role", .text(needs.rawValue))])
    }

    /// -32002: too much at once; try again after this time.
    package static func rateLimited(retryAfter: Duration) -> SocketFault {
        let milliseconds = max(1, Int64(retryAfter.milliseconds.rounded(.up)))
        return SocketFault(
            code: -32002, kind: "rate_limited", message: "too many pushes; try again in \(milliseconds) ms",
            details: [Fact("retry_after_ms", .integer(milliseconds))])
    }

    /// -32002: no more connections for this peer.
    package static func tooManyConnections(limit: Int, perUser: Bool) -> SocketFault {
        SocketFault(
            code: -32002, kind: "too_many",
            message: perUser
                ? "your uid holds \(limit) connections already; close some, or send more calls over one"
                : "\(limit) connections are open already; try again later",
            details: [Fact("limit", .integer(Int64(limit))), Fact("retry_after_ms", .integer(1000))])
    }

    /// -32003: a line without its line feed within the limit.
    package static func lineTooLong(limit: Int) -> SocketFault {
        SocketFault(
            code: -32003, kind: "line_too_long",
            message: "a line is longer than \(limit) bytes; it was dropped up to its line feed",
            details: [Fact("limit", .integer(Int64(limit)))])
    }

    /// -32020: what was asked for does not exist.
    package static func notFound(_ what: String, name: String) -> SocketFault {
        SocketFault(
            code: -32020, kind: "not_found", message: "there is no \(what) \"\(Echo.cut(name))\"",
            details: [Fact("name", .text(Echo.cut(name)))])
    }

    /// -32021: the new configuration is not acceptable; the old one stays in force.
    package static func configurationRefused(_ faults: [String]) -> SocketFault {
        SocketFault(
            code: -32021, kind: "configuration",
            message: "the configuration has \(faults.count == 1 ? "a fault" : "\(faults.count) faults");"
                + " the old one stays in force", sentences: faults)
    }

    /// -32022: the check exists and cannot be run on demand.
    package static func notRunnable(_ name: String, _ why: String) -> SocketFault {
        SocketFault(
            code: -32022, kind: "not_runnable",
            message: "the check \"\(Echo.cut(name))\" cannot be run: \(why)",
            details: [Fact("name", .text(Echo.cut(name)))])
    }
}
