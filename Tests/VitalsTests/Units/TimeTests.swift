// SPDX-License-Identifier: Apache-2.0

import Testing
import Vitals

@Suite("Instants, wall time and durations")
struct TimeTests {
    private static let days: [(seconds: Int64, text: String)] = [
        (0, "1970-01-01T00:00:00.000Z"),
        (951_782_399, "2000-02-28T23:59:59.000Z"),
        (951_782_400, "2000-02-29T00:00:00.000Z"),
        (951_868_800, "2000-03-01T00:00:00.000Z"),
        (1_709_164_800, "2024-02-29T00:00:00.000Z"),
        (1_740_787_200, "2025-03-01T00:00:00.000Z"),
        (1_795_371_654, "2026-11-22T18:20:54.000Z"),
        (4_107_542_399, "2100-02-28T23:59:59.000Z"),
        (4_107_542_400, "2100-03-01T00:00:00.000Z"),
        (-1, "1969-12-31T23:59:59.000Z"),
        (-86_400, "1969-12-31T00:00:00.000Z"),
        (-2_203_891_200, "1900-03-01T00:00:00.000Z"),
        (-2_203_891_201, "1900-02-28T23:59:59.000Z"),
    ]

    @Test("wall time is written as RFC 3339, over leap years and before 1970", arguments: days)
    func rfc3339(_ day: (seconds: Int64, text: String)) {
        #expect(WallTime(nanoseconds: day.seconds * 1_000_000_000).rfc3339 == day.text)
    }

    @Test("milliseconds are cut, not rounded, and before 1970 towards the past")
    func milliseconds() {
        #expect(WallTime(nanoseconds: 999_999_999).rfc3339 == "1970-01-01T00:00:00.999Z")
        #expect(WallTime(nanoseconds: 1_120_000_000).rfc3339 == "1970-01-01T00:00:01.120Z")
        #expect(WallTime(nanoseconds: -1).rfc3339 == "1969-12-31T23:59:59.999Z")
        #expect(WallTime(nanoseconds: .max).rfc3339 == "2262-04-11T23:47:16.854Z")
        #expect(WallTime(nanoseconds: .min).rfc3339 == "1677-09-21T00:12:43.145Z")
    }

    @Test("instants and durations add up, and the ends of the range do not trap")
    func arithmetic() {
        let start = Instant(nanoseconds: 1_000_000_000)

        #expect(start + .milliseconds(1500) == Instant(nanoseconds: 2_500_000_000))
        #expect(start - .seconds(2) == Instant(nanoseconds: -1_000_000_000))
        #expect(start + .seconds(3) - start == .seconds(3))
        #expect(Instant.distantPast < start)
        #expect((start - Instant.distantPast).nanoseconds > 0)
        #expect(Instant(nanoseconds: .max) + .nanoseconds(1) == Instant(nanoseconds: .min))
    }

    @Test("a duration in nanoseconds is exact, and saturates beyond 292 years")
    func nanoseconds() {
        #expect(Duration.milliseconds(-1500).nanoseconds == -1_500_000_000)
        #expect(Duration.seconds(10_000_000_000).nanoseconds == .max)
        #expect(Duration.seconds(-10_000_000_000).nanoseconds == .min)
        #expect(Duration.nanoseconds(Int64.max).nanoseconds == Int64.max)
        #expect(Duration.nanoseconds(Int64.min).nanoseconds == Int64.min)
        #expect(Duration.milliseconds(250).seconds == 0.25)
        #expect(Duration.microseconds(1250).milliseconds == 1.25)
    }

    @Test("byte counts are written for people, in binary units with at most one decimal")
    func byteCounts() {
        let texts: [(Int64, String)] = [
            (0, "0 B"), (1023, "1023 B"), (1024, "1 KiB"), (1536, "1.5 KiB"), (1_048_576, "1 MiB"),
            (1_048_575, "1 MiB"), (1_047_552, "1023 KiB"), (1_610_612_736, "1.5 GiB"), (-1536, "-1.5 KiB"),
            (.max, "8 EiB"), (.min, "-8 EiB"), (18 << 20, "18 MiB"),
        ]
        for (bytes, text) in texts { #expect(ByteCount(bytes).text == text) }
        #expect(ByteCount(1) < ByteCount(2))
    }
}
