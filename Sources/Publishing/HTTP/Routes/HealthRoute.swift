// SPDX-License-Identifier: Apache-2.0

import NIOHTTP1
import Vitals

/// `/health`: `application/health+json` (draft-inadarei-api-health-check-06); `?tag=WORD` for some of the checks.
///
/// ```json
/// { "status": "warn", "version": "1", "releaseId": "0.1.0", "serviceId": "agno-data-api",
///   "checks": { "cache:responseTime": [ { "componentType": "datastore", "observedValue": 340,
///     "observedUnit": "ms", "status": "warn", "time": "2026-11-22T18:20:54.120Z", "output": "…" } ] } }
/// ```
struct HealthRoute: Route {
    static let paths = ["/health"]
    static let title = "the checks as application/health+json (?tag=WORD)"
    private let board: Board
    private let identity: ServiceIdentity

    init(_ sources: RouteSources) {
        board = sources.board
        identity = sources.identity
    }

    func answer(_ request: HTTPRequest) -> RouteReply {
        let report = board.report
        var checks = report.checks.filter(\.definition.enabled)
        var status = report.status
        var output = report.reason
        if let tag = request.item("tag") {
            checks = checks.filter { $0.definition.tags.contains(tag) }
            status = checks.map(\.contribution).max() ?? .healthy
            output = checks.isEmpty ? "no check has the tag \"\(Echo.cut(tag))\"" : nil
        }
        var json = JSONWriter(capacity: 512 + checks.count * 384)
        json.object { json in
            json.member("status", Self.word(status))
            json.member("version", "1")
            json.member("releaseId", identity.version)
            json.member("serviceId", identity.name)
            json.member("description", "health of " + identity.name + ", judged by vitald")
            json.member("output", output)
            json.member(
                "checks",
                object: { json in
                    for check in checks { HealthEntry(check).write(to: &json) }
                })
        }
        let code: HTTPResponseStatus =
            switch status {
            case .healthy: .ok
            case .degraded: DegradedCode(request).status
            case .unhealthy: .serviceUnavailable
            }
        return .now(HTTPAnswer(code, json: json, as: "application/health+json"))
    }

    /// The draft's words.
    static func word(_ status: Status) -> String {
        switch status {
        case .healthy: "pass"
        case .degraded: "warn"
        case .unhealthy: "fail"
        }
    }
}
