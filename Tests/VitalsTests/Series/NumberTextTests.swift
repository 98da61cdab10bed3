// SPDX-License-Identifier: Apache-2.0

import Testing
import Vitals

@Suite("Numbers as pages and JSON write them")
struct NumberTextTests {
    private func text(_ value: MetricValue) -> String {
        var bytes: [UInt8] = []
        NumberText.append(value, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test("whole and fixed numbers are plain decimals without trailing zeros, up to both ends")
    func plain() {
        let texts: [(MetricValue, String)] = [
            (.integer(0), "0"), (.integer(9), "9"), (.integer(10), "10"), (.integer(-1), "-1"),
            (.integer(.max), "9223372036854775807"), (.integer(.min), "-9223372036854775808"),
            (.micros(1_500_000), "1.5"), (.micros(1), "0.000001"), (.micros(-1), "-0.000001"),
            (.micros(0), "0"),
            (.micros(1_000_000), "1"), (.micros(.max), "9223372036854.775807"),
            (.micros(.min), "-9223372036854.775808"), (.nanos(1), "0.000000001"),
            (.nanos(1_000_000_000), "1"),
            (.nanos(.min), "-9223372036.854775808"), (.double(0), "0"), (.double(-0.0), "-0.0"),
            (.double(1), "1"),
            (.double(0.1), "0.1"), (.double(-2.5), "-2.5"), (.double(1e15), "1000000000000000"),
            (.double(9_007_199_254_740_991), "9007199254740991"), (.double(.nan), "NaN"),
            (.double(.infinity), "+Inf"), (.double(-.infinity), "-Inf"), (.double(0.000001), "0.000001"),
        ]
        for (value, expected) in texts { #expect(text(value) == expected) }
    }

    @Test("a hundred thousand random numbers are read back as they were, within 40 bytes")
    func roundTrips() {
        var random = SeededGenerator(seed: 42)
        var wrong = 0
        for i in 0..<100_000 {
            let number =
                switch i % 5 {
                case 0: Double(bitPattern: random.next())
                case 1: Double.random(in: -1e10...1e10, using: &random)
                case 2: (Double.random(in: 0...1e6, using: &random) * 1000).rounded() / 1000
                case 3: Double(Int64(bitPattern: random.next()))
                default: Double.random(in: 0...1, using: &random)
                }
            guard number.isFinite else { continue }
            let written = text(.double(number))
            if Double(written)?.bitPattern != number.bitPattern
                || written.utf8.count > NumberText.maximumLength
            {
                wrong += 1
                Issue.record("\(number) became \(written)")
                if wrong > 5 { return }
            }
        }
    }

    @Test("the extremes of Double are read back as they were, within 40 bytes")
    func extremes() throws {
        let numbers: [Double] = [
            .greatestFiniteMagnitude, -.greatestFiniteMagnitude, .leastNonzeroMagnitude,
            -.leastNonzeroMagnitude,
            .leastNormalMagnitude, .leastNormalMagnitude.nextDown, 9e9, 9e9.nextDown, 9e9.nextUp, 1e16, 1e21,
            1e22,
            1e-7, 1.0.nextUp, 1.0.nextDown, 4_503_599_627_370_497.5, 9_007_199_254_740_992,
            9_007_199_254_740_994,
            9.223_372_036_854_775_8e18, .leastNonzeroMagnitude.nextUp, -1.2345678901234567e-300,
        ]
        for number in numbers {
            let written = text(.double(number))
            #expect(Double(written)?.bitPattern == number.bitPattern)
            #expect(written.utf8.count <= NumberText.maximumLength)
            // JSON has no `inf`, no `1.` and no `.5`: what is written is JSON too.
            #expect(try JSONDocument(parsing: Array(written.utf8)).root.double == number)
        }
    }

    @Test("fixed numbers say what the kernel counted, whatever it counted")
    func fixed() {
        var random = SeededGenerator(seed: 1)
        for i in 0..<20_000 {
            let raw = Int64(bitPattern: random.next()) >> Int64(i % 64)
            for (value, digits) in [(MetricValue.micros(raw), 6), (.nanos(raw), 9)] {
                let written = text(value)
                #expect(written.utf8.count <= NumberText.maximumLength)
                #expect(scaled(written, digits: digits) == raw, "\(written)")
            }
        }
    }

    /// The decimal without its point, filled up to `digits` places: exact, unlike a Double.
    private func scaled(_ text: String, digits: Int) -> Int64? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let fraction = parts.count > 1 ? String(parts[1]) : ""
        guard parts.count <= 2, parts.count == 1 || (!fraction.isEmpty && fraction.last != "0") else {
            return nil
        }
        return Int64(parts[0] + fraction + String(repeating: "0", count: digits - fraction.count))
    }
}
