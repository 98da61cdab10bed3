// SPDX-License-Identifier: Apache-2.0

import NIOHTTP1
import Vitals

/// `/healthz`: the whole in one word, or line by line as Kubernetes' API server does it.
///
/// ```
/// [+]database ok
/// [+]cache degraded: PING took 340 ms, more than 250 ms
/// [-]queue failed: connection refused
/// healthz check failed
/// ```
/// `?exclude=NAME` (repeated or with commas) leaves checks out of the judgement.
struct HealthzRoute: Route {
    static let paths = ["/healthz"]
    static let title = "the checks line by line (?verbose, ?exclude=NAME)"
    private let board: Board

    init(_ sources: RouteSources) { board = sources.board }

    func answer(_ request: HTTPRequest) -> RouteReply {
        let report = board.report
        let checks = report.checks.filter(\.definition.enabled)
        let wanted = request.query.filter { $0.name == "exclude" }
            .flatMap { $0.value.split(separator: ",").map(String.init) }
        let excluded = Set(wanted)
        let counted = checks.filter { !excluded.contains($0.definition.name) }
        let status =
            excluded.isEmpty ? report.status : counted.map(\.contribution).max() ?? .healthy
        let isFailed = status == .unhealthy

        var text = ""
        if request.flag("verbose") || isFailed {
            for check in checks {
                let name = check.definition.name
                text += excluded.contains(name) ? "[+]\(name) excluded: ok\n" : Self.line(of: check)
            }
            let names = Set(checks.map(\.definition.name))
            for name in wanted where !names.contains(name) {
                text += "warn: there is no check named \"\(Echo.cut(name).line)\" to exclude\n"
            }
            text += isFailed ? "healthz check failed\n" : "healthz check passed\n"
        } else {
            text = "ok\n"
        }
        switch status {
        case .unhealthy: return .now(HTTPAnswer(.serviceUnavailable, text: text))
        case .degraded: return .now(HTTPAnswer(DegradedCode(request).status, text: text))
        case .healthy: return .now(HTTPAnswer(.ok, text: text))
        }
    }

    private static func line(of check: CheckReport) -> String {
        let name = check.definition.name
        // What does not count is told, and never marked as the culprit.
        let isCulprit = check.contribution == .unhealthy
        switch check.condition {
        case .healthy: return "[+]\(name) ok\n"
        case .degraded: return "[+]\(name) degraded: \(check.explanation.line)\n"
        case .unhealthy: return "\(isCulprit ? "[-]" : "[+]")\(name) failed: \(check.explanation.line)\n"
        }
    }
}
