// SPDX-License-Identifier: Apache-2.0

import Publishing
import Testing

@Suite("Which page a scraper gets")
struct NegotiationTests {
    private func format(_ accept: [String]) -> PageFormat {
        PageNegotiation(accept: accept, acceptEncoding: []).format
    }

    @Test(
        "the highest weight wins, and nobody gets an error",
        arguments: [
            ("", PageFormat.text), ("*/*", .text), ("text/html", .text), ("application/json;q=0.9", .text),
            ("text/plain", .text), ("text/plain;version=0.0.4", .text), ("text/*", .text),
            ("application/openmetrics-text;version=1.0.0", .openMetrics),
            ("application/openmetrics-text; version=1.0.0; charset=utf-8", .openMetrics),
            ("application/openmetrics-text;version=\"1.0.0\"", .openMetrics),
            ("APPLICATION/OpenMetrics-Text;Version=1.0.0;Q=1", .openMetrics),
            ("application/openmetrics-text", .openMetricsDraft),
            ("application/openmetrics-text;version=0.0.1", .openMetricsDraft),
            ("application/openmetrics-text;version=2.0.0", .text),
            ("application/openmetrics-text;version=1.0.0;q=0.2,text/plain;q=0.5", .text),
            ("application/openmetrics-text;version=1.0.0;q=0.5,text/plain;q=0.2", .openMetrics),
            ("application/openmetrics-text;version=1.0.0,text/plain", .openMetrics),
            ("text/plain,application/openmetrics-text;version=1.0.0", .text),
            ("application/openmetrics-text;version=1.0.0;q=0,text/plain;q=0.1", .text),
            ("application/openmetrics-text;version=1.0.0;q=0", .text),
            ("text/plain;q=0,*/*", .openMetrics),
            ("text/plain;q=0, application/openmetrics-text;version=1.0.0;q=0.1", .openMetrics),
            ("application/openmetrics-text;version=1.0.0;escaping=allow-utf-8", .openMetrics),
            ("text/plain;version=0.0.4;escaping=never-heard-of", .text),
            ("text/plain;version=1.0.0;q=0.9,application/openmetrics-text;version=1.0.0;q=0.1", .openMetrics),
            (",,;;q=1,=,application/openmetrics-text;version=1.0.0", .openMetrics),
            ("application/openmetrics-text;version=1.0.0;q=nonsense", .openMetrics),
        ])
    func accept(_ header: String, _ expected: PageFormat) {
        #expect(format(header.isEmpty ? [] : [header]) == expected)
    }

    @Test("Prometheus 2 and 3 get OpenMetrics, with a protobuf wish first as well")
    func prometheus() {
        let two =
            "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,"
            + "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
        let three =
            "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.7,"
            + "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
            + "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
            + "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"

        #expect(format([two]) == .openMetrics)
        #expect(format([three]) == .openMetrics)
    }

    @Test("several header lines count as one")
    func lines() {
        #expect(format(["text/plain;q=0.1", "application/openmetrics-text;version=1.0.0"]) == .openMetrics)
    }

    @Test("an endless header is read up to its bound")
    func endless() {
        let rubbish = String(repeating: "a/b,", count: 10_000) + "application/openmetrics-text;version=1.0.0"

        #expect(format([rubbish]) == .text)
    }

    @Test(
        "gzip is used where it is accepted with a weight above zero",
        arguments: [
            ("", false), ("gzip", true), ("x-gzip", true), ("gzip;q=0", false), ("gzip;q=0.0", false),
            ("*", true),
            ("*;q=0", false), ("gzip;q=0, *", false), ("deflate, gzip;q=0.5", true), ("identity", false),
            ("identity;q=1, gzip;q=0.5", false), ("GZIP", true), ("br, zstd", false),
            ("gzip, deflate, br", true),
        ])
    func gzip(_ header: String, _ expected: Bool) {
        let lines = header.isEmpty ? [] : [header]
        #expect(PageNegotiation(accept: [], acceptEncoding: lines).gzip == expected)
    }

    @Test("the media types name version, charset and escaping")
    func mediaTypes() {
        #expect(
            PageFormat.text.contentType == "text/plain; version=0.0.4; charset=utf-8; escaping=underscores")
        #expect(
            PageFormat.openMetrics.contentType
                == "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores")
    }
}
