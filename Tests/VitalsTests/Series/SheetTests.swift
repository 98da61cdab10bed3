// SPDX-License-Identifier: Apache-2.0

import Testing
import Vitals

@Suite("Labels, sheets and tallies")
struct SheetTests {
    private let requests = MetricFamily("requests_total", .counter, "Requests.")
    private let idle = MetricFamily("idle", .gauge, "Nothing has it.")

    private func label(_ value: String) -> String {
        var bytes: [UInt8] = []
        LabelText.append("a", value, first: true, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test("in a label only the backslash, the quote and the line end are escaped")
    func labels() {
        #expect(label(#"a\x2d"b"#) == #"a="a\\x2d\"b""#)
        #expect(label("two\nlines") == #"a="two\nlines""#)
        #expect(label("\r") == #"a=" ""#)
        #expect(label("tab\té{}=,") == "a=\"tab\té{}=,\"")
        #expect(label("") == #"a="""#)
    }

    @Test("bytes that are no UTF-8 arrive repaired, never raw")
    func repaired() {
        let name = String(decoding: [0x61, 0xFF, 0x62] as [UInt8], as: UTF8.self)

        #expect(label(name) == "a=\"a\u{FFFD}b\"")
    }

    @Test("labels of a sheet are stretches of one slab, with or without a base")
    func slab() {
        var sheet = Sheet()
        let base = sheet.labels([("id", "/x"), ("name", "y\"")])
        let more = sheet.labels([("cpu", "0")], after: base)
        let lone = sheet.labels([("cpu", "1")])

        func text(_ labels: Sheet.Labels) -> String {
            String(decoding: sheet.slab[Int(labels.start)..<Int(labels.start + labels.count)], as: UTF8.self)
        }
        #expect(text(base) == #"id="/x",name="y\"""#)
        #expect(text(more) == #"id="/x",name="y\"",cpu="0""#)
        #expect(text(lone) == #"cpu="1""#)
        #expect(text(.none) == "")
    }

    @Test("a family without samples leaves no trace, and removing samples keeps the labels")
    func families() {
        var sheet = Sheet()
        let labels = sheet.labels([("a", "b")])
        sheet.begin(idle)
        sheet.begin(requests)
        sheet.add(.integer(1), labels)
        sheet.add(.integer(2), suffix: .sum)

        #expect(sheet.entries.map(\.family.name) == ["requests_total"])
        #expect(sheet.entries.map(\.first) == [0])
        #expect(sheet.samples.map(\.value) == [.integer(1), .integer(2)])
        #expect(sheet.samples.map(\.suffix) == [.none, .sum])

        sheet.removeSamples()
        #expect(sheet.samples.isEmpty && sheet.entries.isEmpty && !sheet.slab.isEmpty)
        sheet.removeAll()
        #expect(sheet.slab.isEmpty)
    }

    @Test(
        "the same labels give the same tally, others another, and a page shows them sorted, however they were made"
    )
    func tallies() {
        let book = TallyBook()
        let ok = book.tally(requests, [("code", "200")])
        let plain = book.tally(requests)
        let gauge = book.tally(idle, startingAt: 7)

        plain.add()
        book.tally(requests, [("code", "200")]).add(5)
        gauge.set(-3)

        #expect(ok.value == 5)
        #expect(plain.value == 1)
        var sheet = Sheet()
        book.fill(&sheet)
        #expect(sheet.entries.map(\.family.name) == ["idle", "requests_total"])
        #expect(sheet.samples.map(\.value) == [.integer(-3), .integer(1), .integer(5)])
    }

    @Test("label values cannot be confused with one another")
    func tallyKeys() {
        let book = TallyBook()
        let one = book.tally(requests, [("a", "x"), ("b", "y")])
        let other = book.tally(requests, [("a", "x\u{1}b\u{0}y")])

        #expect(one !== other)
    }

    @Test("values are numbers in the unit of the page")
    func numbers() {
        #expect(MetricValue.micros(1_500_000).number == 1.5)
        #expect(MetricValue.nanos(-500_000_000).number == -0.5)
        #expect(MetricValue.integer(3).number == 3)
        #expect(MetricValue.double(0.25).number == 0.25)
    }
}
