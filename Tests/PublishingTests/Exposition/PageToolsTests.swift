// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Publishing
import TestSupport
import Testing
import Vitals

@Suite("The page as other programs read it")
struct PageToolsTests {
    /// Lint complaints that names of other exporters force on us.
    private static let allowed: Set<String> = [
        "container_fs_inodes_total", "container_memory_failcnt", "pg_stat_activity_count",
        "pg_stat_database_blks_hit", "pg_stat_database_deadlocks", "pg_stat_database_xact_commit",
        "pg_stat_database_xact_rollback",
    ]

    private func page(_ format: PageFormat) -> String {
        var board = Sheet()
        let probe = SeriesPoint(
            MetricFamily("probe_success", .gauge, "Whether the probe succeeded."), .integer(1),
            whenStale: .zero)
        BoardSheet.fill(
            &board,
            from: ReportSample.report([
                ReportSample.check("db", "postgres", .degraded, series: [probe]),
                ReportSample.check("cache", "redis"),
            ]), version: "1.2.3")
        return PageSample.text([board, PageSample.dropIn()], format)
    }

    @Test(
        "promtool finds nothing but the names that dashboards force on us",
        .enabled(if: Tool.isPromised || Tool.isInstalled("promtool")))
    func promtool() throws {
        let (code, output) = try Tool.run(["promtool", "check", "metrics"], page(.text).utf8)
        let said = String(decoding: output, as: UTF8.self)

        #expect(code == 0 || code == 3, "\(said)")
        for line in said.split(separator: "\n") {
            let name = String(line.prefix { $0 != " " })
            #expect(Self.allowed.contains(name) || name.hasPrefix("node_"), "\(line)")
        }
    }

    @Test(
        "prometheus_client reads both formats, and finds every family",
        .enabled(if: Tool.isPromised || Tool.hasPrometheusClient))
    func prometheusClient() throws {
        for (format, module) in [(PageFormat.text, "parser"), (.openMetrics, "openmetrics.parser")] {
            let script = """
                import sys
                from prometheus_client.\(module) import text_string_to_metric_families as parse
                print(sum(len(f.samples) for f in parse(sys.stdin.read())))
                """
            let text = page(format)
            let expected = ExpositionCheck(text, openMetrics: format.isOpenMetrics).samples.count
            let (code, output) = try Tool.run([Tool.python, "-c", script], text.utf8)
            let said = String(decoding: output, as: UTF8.self)

            #expect(code == 0, "\(said)")
            #expect(said == "\(expected)\n")
        }
    }

    @Test("gzip unpacks to the very page, small and large, one after another")
    func gzip() throws {
        let press = PagePress()
        var large = Sheet()
        large.begin(MetricFamily("x", .gauge, "Help."))
        for number in 0..<50_000 { large.add(.integer(Int64(number)), large.labels([("n", "\(number)")])) }
        for sheet in [Sheet(), PageSample.dropIn(), large, PageSample.dropIn()] {
            let plain = press.page(of: [sheet], PageNegotiation(format: .openMetrics, gzip: false))
            let packed = press.page(of: [sheet], PageNegotiation(format: .openMetrics, gzip: true))

            #expect(packed.isCompressed)
            #expect(!plain.isCompressed)
            #expect(try Gunzip.unpack(packed.page) == String(buffer: plain.page))
        }
    }
}
