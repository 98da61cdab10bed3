// SPDX-License-Identifier: Apache-2.0

import Testing
import Vitals

@testable import vitald

@Suite("the sentence that systemctl shows")
struct StatusLineTests {
    private func report(_ levels: [Level], generation: UInt64 = 1) -> Report {
        var report = Report()
        report.generation = generation
        report.checks = levels.enumerated().map { number, level in
            var check = CheckReport(definition: CheckDefinition(name: "check\(number)", type: "tcp"))
            check.level = level
            check.phase = .active
            return check
        }
        return report
    }

    @Test("the same counts are said once")
    func once() {
        var line = StatusLine()

        #expect(line.next(report([.healthy, .degraded])) == "Running: 2 checks, 1 healthy, 1 degraded")
        #expect(!line.hasNews(report([.degraded, .healthy])))
        #expect(line.next(report([.degraded, .healthy])) == nil)
        #expect(line.next(report([.healthy, .healthy])) == "Running: 2 checks, 2 healthy")
    }

    @Test("evidence that is too old or not there is called so, whatever the last level was")
    func stale() {
        var report = self.report([.healthy, .healthy, .healthy, .healthy])
        report.checks[1].phase = .stale
        report.checks[2].phase = .pending
        report.checks[3].definition.enabled = false

        #expect(
            StatusLine.running(report) == "Running: 4 checks, 1 healthy, 1 stale, 1 pending, 1 switched off")
    }

    @Test("a refused reload is shown until one succeeds, also while checks change")
    func refused() {
        var line = StatusLine()
        _ = line.next(report([.healthy]))

        #expect(
            line.refused(report([.healthy], generation: 6), because: "line 4: unknown key")
                == "Reload failed, keeping generation 6: line 4: unknown key")
        #expect(line.next(report([.healthy], generation: 6)) == nil)
        #expect(
            line.next(report([.unhealthy], generation: 6))
                == "Running: 1 check, 1 unhealthy; reload failed, keeping generation 6: line 4: unknown key")
        #expect(
            line.reloaded(report([.unhealthy], generation: 7))
                == "Running: generation 7, 1 check, 1 unhealthy")
        #expect(line.next(report([.healthy], generation: 7)) == "Running: 1 check, 1 healthy")
    }
}
