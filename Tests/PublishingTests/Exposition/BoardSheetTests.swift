// SPDX-License-Identifier: Apache-2.0

import Publishing
import Testing
import Vitals

@Suite("What the report gives to the page")
struct BoardSheetTests {
    private static let success = MetricFamily("probe_success", .gauge, "Whether the probe succeeded.")
    private static let lookup = MetricFamily("probe_dns_lookup_time_seconds", .gauge, "Time to resolve.")
    private static let phases = MetricFamily("probe_http_duration_seconds", .gauge, "Time by phase.")

    private func page(_ checks: [CheckReport], _ format: PageFormat = .text) -> ExpositionCheck {
        var sheet = Sheet()
        BoardSheet.fill(&sheet, from: ReportSample.report(checks), version: "1.2.3")
        return ExpositionCheck(PageSample.text([sheet], format), openMetrics: format.isOpenMetrics)
    }

    @Test("the overall status is one of three, as 0 and 1")
    func status() {
        let samples = page([ReportSample.check("a", "tcp", .degraded)]).samples

        #expect(samples[#"vitald_status{status="healthy"}"#] == "0")
        #expect(samples[#"vitald_status{status="degraded"}"#] == "1")
        #expect(samples[#"vitald_status{status="unhealthy"}"#] == "0")
        #expect(samples[#"vitald_build_info{version="1.2.3"}"#] == "1")
    }

    @Test("a check shows level, phase, length, runs, last run and failures", arguments: PageFormat.allCases)
    func check(_ format: PageFormat) {
        let check = page([ReportSample.check("db", "postgres", .unhealthy)], format)
        let samples = check.samples

        #expect(check.faults == [])
        #expect(samples[#"vitald_check_status{check="db",status="unhealthy"}"#] == "1")
        #expect(samples[#"vitald_check_status{check="db",status="healthy"}"#] == "0")
        #expect(samples[#"vitald_check_status{check="db",status="unknown"}"#] == "0")
        #expect(samples[#"vitald_check_phase{check="db",phase="active"}"#] == "1")
        #expect(samples[#"vitald_check_phase{check="db",phase="stale"}"#] == "0")
        #expect(samples[#"vitald_check_duration_seconds{check="db"}"#] == "0.0025")
        #expect(samples[#"vitald_check_runs_total{check="db",outcome="pass"}"#] == "7")
        #expect(samples[#"vitald_check_runs_total{check="db",outcome="fail"}"#] == "2")
        #expect(samples[#"vitald_check_last_run_timestamp_seconds{check="db"}"#] == "1795371654.12")
        #expect(samples[#"vitald_check_consecutive_failures{check="db"}"#] == "3")
    }

    @Test("a check that never ran has no length and no last run, not a zero")
    func pending() {
        let samples = page([ReportSample.check("db", "postgres", .unknown, phase: .pending)]).samples

        #expect(samples[#"vitald_check_status{check="db",status="unknown"}"#] == "1")
        #expect(samples[#"vitald_check_duration_seconds{check="db"}"#] == nil)
        #expect(samples[#"vitald_check_last_run_timestamp_seconds{check="db"}"#] == nil)
    }

    @Test("a stale check is never shown healthy")
    func stale() {
        let samples = page([ReportSample.check("db", "postgres", .healthy, phase: .stale)]).samples

        #expect(samples[#"vitald_check_status{check="db",status="healthy"}"#] == "0")
        #expect(samples[#"vitald_check_status{check="db",status="unhealthy"}"#] == "1")
        #expect(samples[#"vitald_check_status{check="db",status="unknown"}"#] == "0")
        #expect(samples[#"vitald_check_phase{check="db",phase="stale"}"#] == "1")
    }

    @Test("samples of one family from several probes stand together, each with its dependency")
    func grouped() {
        let checks = ["a", "b"].map { name in
            ReportSample.check(
                name,
                series: [
                    SeriesPoint(Self.success, .integer(1), whenStale: .zero),
                    SeriesPoint(Self.lookup, .micros(1500)),
                ])
        }
        let check = page(checks)

        #expect(check.faults == [])
        #expect(check.samples[#"probe_success{dependency="a"}"#] == "1")
        #expect(check.samples[#"probe_success{dependency="b"}"#] == "1")
        #expect(check.samples[#"probe_dns_lookup_time_seconds{dependency="b"}"#] == "0.0015")
        #expect(check.samples[#"vitald_probe_consecutive_failures{dependency="a"}"#] == "0")
        #expect(check.samples[#"vitald_probe_last_run_timestamp_seconds{dependency="b"}"#] == "1795371654.12")
    }

    @Test("when the check is stale, success becomes zero and measurements disappear")
    func staleSeries() {
        let samples = page([
            ReportSample.check(
                "a", phase: .stale,
                series: [
                    SeriesPoint(Self.success, .integer(1), whenStale: .zero),
                    SeriesPoint(Self.lookup, .micros(1500)),
                ])
        ]).samples

        #expect(samples[#"probe_success{dependency="a"}"#] == "0")
        #expect(samples[#"probe_dns_lookup_time_seconds{dependency="a"}"#] == nil)
    }

    @Test("every series of a family has the same label names, and none appears twice")
    func labelSets() {
        let check = page([
            ReportSample.check(
                "a", series: [SeriesPoint(Self.phases, .integer(1), labels: [("phase", "tls")])]),
            ReportSample.check(
                "b",
                series: [
                    SeriesPoint(Self.phases, .integer(2), labels: [("version", "3"), ("phase", "tls")]),
                    SeriesPoint(Self.phases, .integer(3), labels: [("phase", "tls"), ("version", "3")]),
                    SeriesPoint(Self.phases, .integer(4), labels: [("dependency", "lie"), ("phase", "x")]),
                ]),
        ])

        #expect(check.faults == [])
        #expect(check.samples[#"probe_http_duration_seconds{dependency="a",phase="tls",version=""}"#] == "1")
        #expect(check.samples[#"probe_http_duration_seconds{dependency="b",phase="tls",version="3"}"#] == "2")
        #expect(check.samples[#"probe_http_duration_seconds{dependency="b",phase="x",version=""}"#] == "4")
        #expect(check.samples.keys.count { $0.hasPrefix("probe_http_duration_seconds") } == 3)
    }

    @Test("a check that is switched off leaves no trace on the page")
    func disabled() {
        var off = ReportSample.check("off")
        off.definition.enabled = false

        #expect(page([off]).samples.keys.contains { $0.contains("off") } == false)
    }
}
