// SPDX-License-Identifier: Apache-2.0

import NIOHTTP1
import Vitals

/// `/health/data-detailed`: the answer of the data agents' own health checker, key by key, so that its clients
/// can ask here instead. They read the body, so it is 200 always; `?strict` gives 503 when unhealthy.
///
/// ```json
/// { "overall_status": "degraded",
///   "dependencies": { "file_system": { "status": "warning", "free_percent": 9.1 } },
///   "unhealthy_count": 0, "warning_count": 1, "agent_responsive": true, "database_connected": true,
///   "cache_available": true, "data_processing_capacity": "42.3% memory used" }
/// ```
struct DataDetailedRoute: Route {
    static let paths = ["/health/data-detailed"]
    static let title = "the dependencies in the words of the data agent's health checker (?strict)"
    private let board: Board

    init(_ sources: RouteSources) { board = sources.board }

    func answer(_ request: HTTPRequest) -> RouteReply {
        let report = board.report
        let checks = report.checks.filter(\.definition.enabled)
        var json = JSONWriter(capacity: 512 + checks.count * 256)
        json.object { json in
            json.member("overall_status", report.status.word)
            json.key("dependencies")
            json.object { json in
                for check in checks {
                    json.key(check.definition.name)
                    Self.write(check, Self.word(check), to: &json)
                }
            }
            let counts = report.counts
            json.member("unhealthy_count", Int64(counts.unhealthy))
            json.member("warning_count", Int64(counts.degraded + counts.unknown))
            let agent =
                checks.first { $0.definition.type == "heartbeat" }
                ?? checks.first { $0.definition.type == "http" && $0.definition.tags.contains("agent") }
            json.member("agent_responsive", Self.works(agent))
            json.member("database_connected", Self.works(checks.first { $0.definition.type == "postgres" }))
            json.member("cache_available", Self.works(checks.first { $0.definition.type == "redis" }))
            let memory = checks.first { $0.definition.type == "memory" }
            json.member("data_processing_capacity", Self.capacity(memory))
        }
        let isRefused = request.flag("strict") && report.status == .unhealthy
        return .now(HTTPAnswer(isRefused ? .serviceUnavailable : .ok, json: json))
    }

    /// `healthy`, `warning`, `degraded` or `unhealthy`, as the checker says it: a warning is a probe that came
    /// back with one, degraded is everything else between.
    private static func word(_ check: CheckReport) -> Word {
        switch check.condition {
        case .healthy: .healthy
        case .unhealthy: .unhealthy
        case .degraded: check.phase == .active && check.last?.outcome == .warn ? .warning : .degraded
        }
    }

    private enum Word: String {
        case healthy
        case warning
        case degraded
        case unhealthy
    }

    private static func write(_ check: CheckReport, _ word: Word, to json: inout JSONWriter) {
        json.object { json in
            json.member("status", word.rawValue)
            var names: Set<String> = ["status", "error", "message"]
            for fact in check.last?.facts ?? [] where names.insert(fact.name).inserted {
                json.key(fact.name)
                switch fact.value {
                case .text(let text): json.string(text)
                case .integer(let number): json.integer(number)
                case .number(let number): json.number(number)
                case .boolean(let truth): json.boolean(truth)
                }
            }
            if let last = check.last, names.insert("latency_ms").inserted {
                json.member("latency_ms", (last.duration.milliseconds * 1000).rounded() / 1000)
            }
            switch word {
            case .healthy: break
            case .unhealthy: json.member("error", check.explanation)
            case .warning, .degraded: json.member("message", check.explanation)
            }
        }
    }

    /// Whether there is fresh evidence that it answers.
    private static func works(_ check: CheckReport?) -> Bool {
        switch check?.shownLevel {
        case .healthy, .degraded: true
        case .unhealthy, .unknown, nil: false
        }
    }

    /// `"42.3% memory used"`, with one decimal as `psutil.virtual_memory().percent` has it.
    private static func capacity(_ check: CheckReport?) -> String {
        guard let check, check.phase == .active, let last = check.last else { return "unknown" }
        let fact =
            last.facts.first { $0.name == "used_percent" || $0.name == "memory_percent" }
            ?? last.facts.first { $0.name.hasSuffix("percent") }
        let percent: Double
        switch fact?.value {
        case .number(let number) where number.isFinite: percent = number
        case .integer(let number): percent = Double(number)
        default: return "unknown"
        }
        let tenths = Int64((min(max(percent, 0), 1e6) * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)% memory used"
    }
}
