// SPDX-License-Identifier: Apache-2.0

import Vitals

/// Findings for people: what is so, the remedy beneath what needs one, the sum at the end.
enum DoctorText {
    /// What the daemon found, with a remark where it is of another version than the client.
    static func lines(_ reply: Doctor.Reply, client: String, paint: Paint, width: Int) -> [String] {
        let head = "vitald \(reply.version), pid \(reply.pid), uid \(reply.uid)"
        var findings = reply.findings
        if reply.version != client {
            findings.append(
                Diagnosis(
                    "version", .limited, "vitald is \(reply.version), vitalctl \(client)",
                    remedy: "Restart vitald after an upgrade: systemctl restart vitald."))
        }
        return [paint.bold(head), ""] + lines(findings, paint: paint, width: width)
    }

    /// The findings, one below the other; what does not fit into the width goes on beneath itself.
    static func lines(_ findings: [Diagnosis], paint: Paint, width: Int) -> [String] {
        let subjects = findings.map(\.subject.count).max() ?? 0
        let states = Diagnosis.State.allCases.map(\.rawValue.count).max() ?? 0
        let margin = states + subjects + 4
        let indent = String(repeating: " ", count: margin)
        var lines: [String] = []
        for finding in findings {
            let state = paint.state(finding.state, padded: states)
            let subject = Table.pad(Table.printable(finding.subject), to: subjects)
            let fact = Wrapping.lines(Table.printable(finding.fact), width: width - margin)
            lines.append("\(state)  \(subject)  \(fact[0])")
            lines += fact.dropFirst().map { indent + $0 }
            guard let remedy = finding.remedy else { continue }
            let advice = Wrapping.lines(Table.printable(remedy), width: width - margin - 2)
            lines.append(indent + paint.faint("→ " + advice[0]))
            lines += advice.dropFirst().map { indent + "  " + paint.faint($0) }
        }
        return lines + ["", sum(findings)]
    }

    private static func sum(_ findings: [Diagnosis]) -> String {
        let counts = Diagnosis.State.allCases.compactMap { state -> String? in
            let count = findings.count { $0.state == state }
            return count == 0 ? nil : "\(count) \(state.rawValue)"
        }
        return counts.joined(separator: ", ")
    }
}
