// SPDX-License-Identifier: Apache-2.0

import Vitals

/// What `check` says and exits with: the plugin interface that Nagios, Icinga, Zabbix and others share.
struct NagiosText: Equatable {
    /// 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.
    let code: Int32
    /// One line: state, reason, and after a bar the figures.
    let line: String

    /// The verdict on a status and its checks.
    init(_ status: StatusQuery.Reply, checks: [CheckView], askingReadiness: Bool) {
        let code: Int32
        let said: String
        if askingReadiness {
            code = status.ready ? 0 : 2
            said = status.draining ? "draining" : status.ready ? "ready" : "not ready"
        } else {
            switch status.status {
            case .healthy: code = 0
            case .degraded: code = 1
            case .unhealthy: code = 2
            }
            said = status.status.word
        }
        var text = "VITALD \(Self.words[Int(code)]) - \(said)"
        let troubled = checks.filter { $0.enabled && $0.state != .healthy && $0.impact != .info }
        if let reason = status.reason {
            text += ": \(reason)"
        } else if code != 0, !troubled.isEmpty {
            text += ": " + troubled.map(Self.trouble).joined(separator: "; ")
        }
        let counts = status.counts
        // The bar separates text from figures, so none may stand in the text.
        let clean = String(Table.printable(text).map { $0 == "|" ? "/" : $0 })
        line =
            clean + " | checks=\(counts.total) healthy=\(counts.healthy) degraded=\(counts.degraded)"
            + " unhealthy=\(counts.unhealthy) unknown=\(counts.unknown) stale=\(counts.stale)"
        self.code = code
    }

    /// The verdict where vitald could not be asked.
    init(unreachable failure: Failure) {
        code = 3
        let sentence = failure.description.split(separator: "\n").map { part in
            String(part.drop { $0 == " " })
        }.joined(separator: " ")
        line = "VITALD UNKNOWN - \(String(Table.printable(sentence).map { $0 == "|" ? "/" : $0 }))"
    }

    private static let words = ["OK", "WARNING", "CRITICAL", "UNKNOWN"]

    private static func trouble(_ check: CheckView) -> String {
        let remark = StatusText.remark(check)
        return "\(check.name) \(check.state.word)" + (remark.isEmpty ? "" : " \(remark)")
    }
}
