// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing
import Vitals

@testable import vitalctl

@Suite("what vitalctl doctor shows")
struct DoctorRenderingTests {
    @Test("one line a finding, the remedy beneath what needs one, the sum at the end")
    func doctor() throws {
        let reply = Doctor.Reply(
            version: "1.0", uid: 997, pid: 12,
            findings: [
                Diagnosis("cgroup", .ok, "version 2"),
                Diagnosis("journal", .missing, "there is none\u{7}", remedy: "Start systemd-journald."),
            ])

        let lines = DoctorText.lines(reply, client: "1.1", paint: .plain, width: 80)

        #expect(
            lines == [
                "vitald 1.0, pid 12, uid 997", "", "ok       cgroup   version 2",
                "missing  journal  there is none",
                "                  → Start systemd-journald.",
                "limited  version  vitald is 1.0, vitalctl 1.1",
                "                  → Restart vitald after an upgrade: systemctl restart vitald.", "",
                "1 ok, 1 limited, 1 missing",
            ])
        var writer = JSONWriter()
        reply.write(into: &writer)
        #expect(Doctor.Reply(reading: try JSONDocument(parsing: writer.bytes).root) == reply)
    }

    @Test("what is longer than the terminal is wide goes on beneath itself, and no word is cut")
    func narrow() {
        let path = "/a/path/that/is/longer/than/any/line/of/this/terminal"
        let findings = [
            Diagnosis(
                "journal", .limited, "it is closed to vitald, so nothing is read",
                remedy: "Put vitald into the group systemd-journal."),
            Diagnosis("socket", .ok, "it lies at \(path) here"),
        ]

        let lines = DoctorText.lines(findings, paint: .plain, width: 44)

        #expect(
            lines == [
                "limited  journal  it is closed to vitald, so",
                "                  nothing is read",
                "                  → Put vitald into the",
                "                    group systemd-journal.",
                "ok       socket   it lies at",
                "                  \(path)",
                "                  here", "", "1 ok, 1 limited",
            ])
        #expect(DoctorText.lines(findings, paint: .plain, width: 120).count == 5)
        #expect(
            DoctorText.lines(findings, paint: .plain, width: 1)
                == DoctorText.lines(findings, paint: .plain, width: 42))
    }

    @Test("what vitald is not there to say is said without advice where nothing is wrong")
    func absence() {
        let failure = Failure.notFound([
            .init(path: "/run/x.sock", code: EACCES, text: "no leave", isMissing: false, isForbidden: true)
        ])

        let findings = Absence.findings(failure)

        #expect(findings[0].state == .missing && findings[0].remedy?.hasPrefix("Run as root") == true)
        #expect(findings.allSatisfy { ($0.state == .ok) == ($0.remedy == nil) }, "\(findings)")
    }
}
