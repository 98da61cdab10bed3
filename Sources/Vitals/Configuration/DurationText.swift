// SPDX-License-Identifier: Apache-2.0

/// Durations as the configuration writes them: `500ms`, `10s`, `1.5s`, `5m`, `1h`, `14d`.
package enum DurationText {
    /// Longest suffix first, so that `ms` is not taken for an `s`.
    private static let units: [(suffix: StaticString, nanoseconds: Int64)] = [
        ("ms", 1_000_000), ("us", 1000), ("s", 1_000_000_000), ("m", 60_000_000_000),
        ("h", 3_600_000_000_000), ("d", 86_400_000_000_000),
    ]

    /// The duration of a text; nil where it is none, or longer than 292 years.
    package static func parse(_ text: String) -> Duration? {
        let bytes = Array(text.utf8)
        for unit in units where bytes.hasSuffix(unit.suffix) {
            let digits = bytes.dropLast(unit.suffix.utf8CodeUnitCount)
            return ScaledDecimal.parse(digits, unit: unit.nanoseconds).map { .nanoseconds($0) }
        }
        return nil
    }

    /// A short text that `parse` reads back as this very duration.
    package static func render(_ duration: Duration) -> String {
        let n = duration.nanoseconds
        if n == 0 { return "0s" }
        for (suffix, unit) in [
            ("d", 86_400_000_000_000), ("h", 3_600_000_000_000), ("m", 60_000_000_000), ("s", 1_000_000_000),
            ("ms", 1_000_000), ("us", 1000),
        ] as [(String, Int64)]
        where n % unit == 0 { return "\(n / unit)\(suffix)" }
        var bytes: [UInt8] = []
        NumberText.append(.nanos(n), to: &bytes)
        return String(decoding: bytes, as: UTF8.self) + "s"
    }
}

extension [UInt8] {
    /// Whether these bytes end with a word's.
    func hasSuffix(_ word: StaticString) -> Bool {
        word.withUTF8Buffer { suffix($0.count).elementsEqual($0) }
    }
}
