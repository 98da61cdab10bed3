// SPDX-License-Identifier: Apache-2.0

import Testing
import Vitals

@Suite("Durations and sizes as the configuration writes them")
struct UnitTextTests {
    @Test("durations are read with every unit, with fractions, exactly")
    func readsDurations() {
        let texts: [(String, Duration)] = [
            ("500ms", .milliseconds(500)), ("10s", .seconds(10)), ("1.5s", .milliseconds(1500)),
            ("5m", .seconds(300)), ("1h", .seconds(3600)), ("14d", .seconds(1_209_600)), ("0s", .zero),
            ("0.1s", .milliseconds(100)), ("250us", .microseconds(250)), ("0.000000001s", .nanoseconds(1)),
            ("0.0000000005s", .nanoseconds(1)), ("0.0000000004s", .zero), ("007s", .seconds(7)),
            ("9223372036.854775807s", .nanoseconds(Int64.max)),
            ("123456.789012345s", .nanoseconds(123_456_789_012_345)),
        ]
        for (text, duration) in texts { #expect(DurationText.parse(text) == duration, "\(text)") }
    }

    @Test(
        "what is no duration is nothing",
        arguments: [
            "", "s", "10", "10 s", " 10s", "10s ", "-1s", "+1s", "1e3s", ".5s", "5.s", "1.2.3s", ".s", "1,5s",
            "10S",
            "10sec", "10min", "9223372036.854775808s", "999999999999999999999d", "0x10s", "٣s", "10\u{17F}",
            "1.0000000000000000000s",
        ])
    func refusesDurations(_ text: String) {
        #expect(DurationText.parse(text) == nil)
    }

    @Test("sizes are read in binary and decimal units, exactly")
    func readsSizes() {
        let texts: [(String, Int64)] = [
            ("64MiB", 64 << 20), ("1GB", 1_000_000_000), ("512B", 512), ("1.5KiB", 1536), ("1kB", 1000),
            ("1KB", 1000), ("2TiB", 2 << 40), ("3TB", 3_000_000_000_000), ("0B", 0),
            ("9223372036854775807B", .max), ("0.5GiB", 1 << 29),
        ]
        for (text, bytes) in texts { #expect(SizeText.parse(text) == ByteCount(bytes), "\(text)") }
    }

    @Test(
        "what is no size is nothing",
        arguments: [
            "", "B", "64", "64M", "64 MiB", "-1B", "1e3B", "9223372036854775808B", "99999999999TiB", "64mib",
            "64\u{212A}iB", "1.B",
        ])
    func refusesSizes(_ text: String) {
        #expect(SizeText.parse(text) == nil)
    }

    @Test("durations and sizes are written shortly")
    func writes() {
        let durations: [(Duration, String)] = [
            (.zero, "0s"), (.seconds(10), "10s"), (.seconds(90), "90s"), (.seconds(300), "5m"),
            (.seconds(86_400), "1d"), (.milliseconds(1500), "1500ms"), (.microseconds(250), "250us"),
            (.nanoseconds(1), "0.000000001s"), (.seconds(-5), "-5s"),
        ]
        for (duration, text) in durations { #expect(DurationText.render(duration) == text) }
        let sizes: [(Int64, String)] = [
            (0, "0B"), (512, "512B"), (1024, "1KiB"), (64 << 20, "64MiB"), (1_000_000_000, "1GB"),
            (1536, "1536B"),
            (2000, "2kB"), (1_500_000, "1500kB"), (1 << 40, "1TiB"),
        ]
        for (bytes, text) in sizes { #expect(SizeText.render(ByteCount(bytes)) == text) }
    }

    @Test("what is written is read back as the very same, at random and at the edges")
    func roundTrips() {
        var random = SeededGenerator(seed: 7)
        for i in 0..<20_000 {
            let raw = Int64.random(in: 0 ... .max, using: &random) >> Int64(i % 63)
            let duration = Duration.nanoseconds(raw)
            #expect(DurationText.parse(DurationText.render(duration)) == duration)
            #expect(SizeText.parse(SizeText.render(ByteCount(raw))) == ByteCount(raw))
        }
    }
}
