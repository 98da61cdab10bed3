// SPDX-License-Identifier: Apache-2.0

import Vitals

/// Findings for people: one line each, the remedy beneath what needs one, the sum at the end.
enum DoctorText {
    /// What the daemon found, with a remark where it is of another version than the client.
    static func lines(_ reply: Doctor.Reply, client: String, paint: Paint) -> [String] {
        let head = "vitald \(reply.version), pid \(reply.pid), uid \(reply.uid)"
        var findings = reply.findings
        if reply.version != client {
            findings.append(
                Diagnosis(
                    "version", .limited, "vitald is \(reply.version), vitalctl \(client)",
                    remedy: "Restart vitald after an upgrade: systemctl restart vitald."))
        }
        return [paint.bold(head), ""] + lines(findings, paint: paint)
    }

    /// The findings, one below the other.
    static func lines(_ findings: [Diagnosis], paint: Paint) -> [String] {
        let width = findings.map(\.subject.count).max() ?? 0
        let states = Diagnosis.State.allCases.map(\.rawValue.count).max() ?? 0
        var lines: [String] = []
        for finding in findings {
            let state = paint.state(finding.state, padded: states)
            let subject = Table.pad(Table.printable(finding.subject), to: width)
            lines.append("\(state)  \(subject)  \(Table.printable(finding.fact))")
            if let remedy = finding.remedy {
                let indent = String(repeating: " ", count: states + width + 4)
                lines.append(indent + paint.faint("→ " + Table.printable(remedy)))
            }
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
