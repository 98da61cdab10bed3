// SPDX-License-Identifier: Apache-2.0

import NIOHTTP1
import Vitals

/// The status of the moment as HTML.
struct StatusPage {
    /// The whole page.
    let html: String

    /// Reload interval of the page; a check's usual interval.
    private static let refreshSeconds = 10

    init(_ report: Report, _ identity: ServiceIdentity, now: WallTime, _ routes: [any Route.Type]) {
        let name = Self.escape(identity.name)
        let rows = report.checks.map(Self.row).joined(separator: "\n")
        let links = routes.filter { $0.name != "/" }.map(Self.entry).joined(separator: "\n")
        let table =
            report.checks.isEmpty
            ? "<p>No checks are configured; the kernel's figures are on <a href=\"/metrics\">/metrics</a>.</p>"
            : """
            <table>
            <thead><tr><th>check</th><th>state</th><th>type</th><th>what it says</th>\
            <th class="n">took</th><th>since</th></tr></thead>
            <tbody>
            \(rows)
            </tbody>
            </table>
            """
        html = """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta http-equiv="refresh" content="\(Self.refreshSeconds)">
            <title>\(report.status.word) · \(name)</title>
            <style>
            \(Self.style)
            </style>
            </head>
            <body>
            <header class="\(report.status.word)">
            <h1>\(name)</h1>
            <p><strong>\(report.status.word)</strong>\(Self.remarks(report))</p>
            </header>
            <main>
            \(table)
            <ul>
            \(links)
            </ul>
            </main>
            <footer>vitald \(Self.escape(identity.version)) · \(now.rfc3339)</footer>
            </body>
            </html>

            """
    }

    /// A route: a link where a browser can follow it, else its method.
    private static func entry(_ route: any Route.Type) -> String {
        let link =
            route.methods.contains(.GET)
            ? "<a href=\"\(route.name)\"><code>\(route.name)</code></a>"
            : "<code>\(route.allow) \(route.name)</code>"
        return "<li>\(link) \(escape(route.title))</li>"
    }

    private static func remarks(_ report: Report) -> String {
        var remarks: [String] = []
        if let reason = report.reason { remarks.append(escape(reason)) }
        remarks.append(report.ready ? "ready" : "not ready")
        if report.draining { remarks.append("stopping") }
        if report.since.nanoseconds > 0 { remarks.append("since " + report.since.rfc3339) }
        return remarks.map { " · " + $0 }.joined()
    }

    private static func row(_ check: CheckReport) -> String {
        let definition = check.definition
        let state: (style: String, word: String) =
            (
                definition.enabled && check.phase != .pending ? check.condition.word : "off",
                check.state.word
            )
        var flags: [String] = []
        if check.flapping { flags.append("flapping") }
        if check.maintenance { flags.append("maintenance") }
        if let culprit = check.suppressedBy { flags.append("because of " + culprit) }
        let said = check.condition == .healthy ? check.last?.message ?? "" : check.explanation
        let took = check.last.map { text(milliseconds: $0.duration.milliseconds) } ?? ""
        return """
            <tr><td>\(escape(definition.name))<small>\(escape(definition.target))</small></td>\
            <td><span class="\(state.style)">\(state.word)</span>\
            <small>\(escape(flags.joined(separator: ", ")))</small></td>\
            <td>\(escape(definition.type))</td><td>\(escape(definition.enabled ? said : ""))</td>\
            <td class="n">\(took)</td><td>\(check.since?.rfc3339 ?? "")</td></tr>
            """
    }

    private static func text(milliseconds: Double) -> String {
        let tenths = Int64((min(max(milliseconds, 0), 1e12) * 10).rounded())
        return "\(tenths / 10).\(tenths % 10) ms"
    }

    private static func escape(_ text: String) -> String {
        var out = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": out += "&amp;"
            case "<": out += "&lt;"
            case ">": out += "&gt;"
            case "\"": out += "&quot;"
            case "'": out += "&#39;"
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out
    }

    private static let style = """
        :root { color-scheme: light dark; --line: #8884; --good: #1a7f37; --warn: #9a6700; --bad: #cf222e; }
        body { font: 15px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 68rem; padding: 1.5rem; }
        header { border-left: .5rem solid; padding-left: 1rem; margin-bottom: 1.5rem; }
        header.healthy { border-color: var(--good); } header.degraded { border-color: var(--warn); }
        header.unhealthy { border-color: var(--bad); }
        h1 { font-size: 1.4rem; margin: 0; } header p { margin: 0; }
        table { border-collapse: collapse; width: 100%; }
        th, td { text-align: left; vertical-align: top; padding: .4rem .8rem .4rem 0;
          border-bottom: 1px solid var(--line); }
        th { font-weight: 600; } .n { text-align: right; white-space: nowrap; }
        small { display: block; opacity: .7; } footer { opacity: .7; margin-top: 1.5rem; }
        ul { padding-left: 1.2rem; margin-top: 1.5rem; } a { color: inherit; }
        span { font-weight: 600; } span.healthy { color: var(--good); } span.degraded { color: var(--warn); }
        span.unhealthy { color: var(--bad); } span.off { opacity: .7; }
        @media (prefers-color-scheme: dark) { :root { --good: #3fb950; --warn: #d29922; --bad: #f85149; } }
        """
}
