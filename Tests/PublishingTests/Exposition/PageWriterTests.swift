// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Publishing
import Testing
import Vitals

@Suite("The page in text 0.0.4")
struct PageWriterTests {
    private let family = MetricFamily("x_bytes", .gauge, "Help.")

    @Test("a page of every kind of family is clean by the strictest rules")
    func clean() {
        let page = PageSample.text([PageSample.dropIn()], .text)
        let check = ExpositionCheck(page, openMetrics: false)

        #expect(check.faults == [])
        #expect(check.types["container_memory_failcnt"] == "counter")
        #expect(check.types["node_vmstat_oom_kill"] == "untyped")
        #expect(check.samples[#"agno_data_processing_seconds_bucket{le="+Inf"}"#] == "4")
        #expect(check.samples["agno_data_processing_seconds_sum"] == "3.25")
    }

    @Test("help and type stand once, before the samples, and the page ends with one line feed")
    func exactText() {
        let page = PageSample.text(family, [([], .integer(1)), ([("a", "b")], .micros(2_500_000))])

        #expect(page == "# HELP x_bytes Help.\n# TYPE x_bytes gauge\nx_bytes 1\nx_bytes{a=\"b\"} 2.5\n")
    }

    @Test(
        "label values escape backslash, quote and line feed, and nothing else",
        arguments: [
            (#"a\x2db"#, #"a\\x2db"#), ("a\"b", #"a\"b"#), ("a\nb", #"a\nb"#), ("a\tb", "a\tb"),
            ("grün ☃", "grün ☃"), ("a\rb", "a b"),
        ])
    func labels(_ raw: String, _ written: String) {
        let page = PageSample.text(family, [([("l", raw)], .integer(1))])

        #expect(page.hasSuffix("x_bytes{l=\"\(written)\"} 1\n"))
        #expect(ExpositionCheck(page, openMetrics: false).faults == [])
    }

    @Test("a help escapes backslash and line feed, but no quote")
    func help() {
        let page = PageSample.text(
            MetricFamily("x", .gauge, "a\\b\nc\"d"), [([], .integer(1))])

        #expect(page.hasPrefix("# HELP x a\\\\b\\nc\"d\n# TYPE"))
    }

    @Test("bytes that are no UTF-8 are repaired before they reach the page")
    func utf8() {
        let broken = String(decoding: [0x61, 0xFF, 0x62], as: UTF8.self)
        let page = PageSample.text(family, [([("l", broken)], .integer(1))])

        #expect(page.contains("a\u{FFFD}b"))
    }

    @Test(
        "values are plain decimals, and those that are not finite are spelled as Prometheus wants them",
        arguments: [
            (MetricValue.double(.infinity), "+Inf"), (.double(-.infinity), "-Inf"), (.double(.nan), "NaN"),
            (.double(0.1), "0.1"), (.double(1e300), "1e+300"), (.double(-2.5), "-2.5"),
            (.integer(.max), "9223372036854775807"), (.integer(.min), "-9223372036854775808"),
            (.micros(1), "0.000001"), (.nanos(1_500_000_001), "1.500000001"), (.micros(-1_500_000), "-1.5"),
        ])
    func values(_ value: MetricValue, _ written: String) {
        let page = PageSample.text(family, [([], value)])

        #expect(page.hasSuffix("x_bytes \(written)\n"))
        #expect(ExpositionCheck(page, openMetrics: false).faults == [])
    }

    @Test("a family without samples does not appear")
    func empty() {
        var sheet = Sheet()
        sheet.begin(family)
        sheet.begin(MetricFamily("y", .gauge, "Help."))
        sheet.add(.integer(1))
        sheet.begin(MetricFamily("z", .gauge, "Help."))

        #expect(PageSample.text([sheet], .text) == "# HELP y Help.\n# TYPE y gauge\ny 1\n")
    }

    @Test("several sheets that add to one family make one piece of it", arguments: PageFormat.allCases)
    func contiguous(_ format: PageFormat) {
        let shared = MetricFamily("vitald_collector_success", .gauge, "Help.")
        let sheets = ["a", "b", "c"].map { name in
            var sheet = Sheet()
            sheet.begin(shared)
            sheet.add(.integer(1), sheet.labels([("collector", name)]))
            sheet.begin(MetricFamily("only_" + name, .gauge, "Help."))
            sheet.add(.integer(1))
            return sheet
        }

        let check = ExpositionCheck(PageSample.text(sheets, format), openMetrics: format.isOpenMetrics)
        #expect(check.faults == [])
        #expect(check.samples.count == 6)
    }

    @Test(
        "a family whose name no parser takes costs itself, not the page",
        arguments: ["", "1x", "a-b", "a b", "a.b", "ä", "a{b"])
    func badName(_ name: String) {
        var sheet = Sheet()
        sheet.begin(MetricFamily(name, .gauge, "Help."))
        sheet.add(.integer(1))
        sheet.begin(family)
        sheet.add(.integer(2))

        #expect(PageSample.text([sheet], .text) == "# HELP x_bytes Help.\n# TYPE x_bytes gauge\nx_bytes 2\n")
    }

    @Test("labels that point behind the slab cost their sample, not the daemon")
    func strayLabels() {
        var sheet = Sheet()
        sheet.begin(family)
        sheet.add(.integer(1), Sheet.Labels(start: 4_000_000_000, count: 100))
        sheet.add(.integer(2))

        #expect(PageSample.text([sheet], .text) == "# HELP x_bytes Help.\n# TYPE x_bytes gauge\nx_bytes 2\n")
    }

    @Test("a writer that is kept forgets the last page, and follows a help that changed")
    func reuse() {
        var writer = PageWriter()
        var first = ByteBuffer()
        writer.write([PageSample.dropIn()], .openMetrics, to: &first)
        var sheet = Sheet()
        sheet.begin(MetricFamily("probe_success", .gauge, "New help."))
        sheet.add(.integer(1))
        var second = ByteBuffer()
        writer.write([sheet], .text, to: &second)

        #expect(
            String(buffer: second)
                == "# HELP probe_success New help.\n# TYPE probe_success gauge\nprobe_success 1\n")
    }

    @Test("the checker itself finds what it is for")
    func checker() {
        let bad = [
            "x 1", "# TYPE x gauge\nx 1", "# TYPE x gauge\nx 1\nx 1\n", "# TYPE x gauge\nx{a=\"\\x2d\"} 1\n",
            "# TYPE x gauge\nx 1\n# TYPE y gauge\ny 1\n# HELP x h\n", "# TYPE x info\nx 1\n",
            "# TYPE x gauge\nx 1_000\n", "# TYPE x gauge\nx inf\n", "# TYPE x gauge\nx{a=\"1\",a=\"2\"} 1\n",
            "# TYPE x gauge\nx 1 123\n", "# TYPE x gauge\ny 1\n", "# TYPE x gauge\n\nx 1\n",
            "# TYPE x gauge\r\nx 1\r\n", "# TYPE x gauge\nx{__name__=\"y\"} 1\n",
            "# TYPE x gauge\nx{a:b=\"y\"} 1\n",
        ]
        for page in bad { #expect(!ExpositionCheck(page, openMetrics: false).faults.isEmpty, "\(page)") }
        let badOpenMetrics = [
            "# TYPE x gauge\nx 1\n", "# TYPE x_total counter\nx_total 1\n# EOF\n",
            "# TYPE x counter\nx 1\n# EOF\n", "# TYPE x counter\nx_total -1\n# EOF\n",
            "# TYPE x untyped\nx 1\n# EOF\n", "# TYPE x gauge\nx 1\n# EOF\n\n",
        ]
        for page in badOpenMetrics {
            #expect(!ExpositionCheck(page, openMetrics: true).faults.isEmpty, "\(page)")
        }
    }
}
