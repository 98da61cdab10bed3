// SPDX-License-Identifier: Apache-2.0

import Publishing
import Testing
import Vitals

@Suite("The page in OpenMetrics 1.0")
struct OpenMetricsTests {
    @Test("a page of every kind of family is clean by the strictest rules")
    func clean() {
        let check = ExpositionCheck(
            PageSample.text([PageSample.dropIn()], .openMetrics), openMetrics: true)

        #expect(check.faults == [])
        #expect(check.types["container_cpu_usage_seconds"] == "counter")
        #expect(check.types["container_cpu_usage_seconds_total"] == nil)
        #expect(check.types["container_memory_failcnt"] == "unknown")
        #expect(check.types["pg_stat_database_blks_hit"] == "unknown")
        #expect(check.types["container_fs_inodes_total"] == "gauge")
        #expect(check.types["vitald_container_info"] == "gauge")
        #expect(check.types["node_vmstat_oom_kill"] == "unknown")
    }

    @Test("a counter's family lacks the _total that its samples have, and type comes before help")
    func counter() {
        let page = PageSample.text(
            MetricFamily("x_total", .counter, "A \"help\"."), [([], .integer(1))], .openMetrics)

        #expect(page == "# TYPE x counter\n# HELP x A \\\"help\\\".\nx_total 1\n# EOF\n")
    }

    @Test("an empty page is its end mark alone")
    func empty() {
        #expect(PageSample.text([Sheet()], .openMetrics) == "# EOF\n")
        #expect(PageSample.text([Sheet()], .text) == "")
    }

    @Test(
        "a counter whose short name is taken becomes unknown instead of clashing",
        arguments: ["x", "x_created"], [true, false])
    func clash(_ other: String, _ counterFirst: Bool) {
        let families = [MetricFamily("x_total", .counter, "Help."), MetricFamily(other, .gauge, "Help.")]
        var sheet = Sheet()
        for family in counterFirst ? families : families.reversed() {
            sheet.begin(family)
            sheet.add(.integer(1))
        }

        let check = ExpositionCheck(PageSample.text([sheet], .openMetrics), openMetrics: true)
        #expect(check.faults == [])
        #expect(check.types["x_total"] == "unknown")
        #expect(check.types[other] == "gauge")
    }

    @Test(
        "a counter below zero or without a value is left out",
        arguments: [MetricValue.double(.nan), .integer(-1), .micros(-1)])
    func impossibleCounter(_ value: MetricValue) {
        let page = PageSample.text(
            MetricFamily("x_total", .counter, "Help."), [([("a", "1")], value), ([("a", "2")], .integer(2))],
            .openMetrics)

        #expect(page == "# TYPE x counter\n# HELP x Help.\nx_total{a=\"2\"} 2\n# EOF\n")
    }

    @Test("between tokens is one blank, and nowhere a timestamp or an exemplar")
    func tokens() {
        let page = PageSample.text([PageSample.dropIn()], .openMetrics)

        for line in page.split(separator: "\n") where !line.hasPrefix("#") {
            let value = line.split(separator: "}").last.map(String.init) ?? ""
            #expect(value.split(separator: " ").count <= 2)
            #expect(!line.hasSuffix(" "))
            #expect(!line.contains(",}"))
        }
    }
}
