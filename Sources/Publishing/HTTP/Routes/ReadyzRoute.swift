// SPDX-License-Identifier: Apache-2.0

import NIOHTTP1
import Vitals

/// `/readyz`: whether traffic should be sent here; `?degraded=429` for readers that know a third answer, such
/// as Consul.
struct ReadyzRoute: Route {
    static let paths = ["/readyz"]
    static let title = "whether traffic should be sent here"
    private let board: Board

    init(_ sources: RouteSources) { board = sources.board }

    func answer(_ request: HTTPRequest) -> RouteReply {
        let report = board.report
        guard report.ready else {
            return .now(HTTPAnswer(.serviceUnavailable, text: "not ready: " + Self.cause(report).line + "\n"))
        }
        if report.status == .degraded {
            let sentence = "ready, degraded: " + Self.worst(report, .degraded).line + "\n"
            return .now(HTTPAnswer(DegradedCode(request).status, text: sentence))
        }
        return .now(HTTPAnswer(.ok, text: "ok\n"))
    }

    private static func cause(_ report: Report) -> String {
        if report.draining { return "vitald is stopping" }
        if report.status == .unhealthy { return worst(report, .unhealthy) }
        let pending = report.checks.first(where: \.holdsReadiness)
        return pending.map { $0.definition.name + ": " + $0.explanation } ?? report.reason ?? "no report yet"
    }

    private static func worst(_ report: Report, _ status: Status) -> String {
        let check = report.checks.first { $0.definition.enabled && $0.contribution == status }
        return check.map { $0.definition.name + ": " + $0.explanation } ?? report.reason ?? status.word
    }
}

/// The status code of "degraded": 200, or what `?degraded=` asks for, where that is a code for it.
struct DegradedCode {
    /// The code.
    let status: HTTPResponseStatus

    /// Reads the query.
    init(_ request: HTTPRequest) {
        switch request.item("degraded") {
        case "429": status = .tooManyRequests
        case "503": status = .serviceUnavailable
        default: status = .ok
        }
    }
}

extension String {
    /// The text on one line: control characters become blanks.
    var line: String {
        String(
            String.UnicodeScalarView(unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? " " : $0 }))
    }
}
