// SPDX-License-Identifier: Apache-2.0

import Glibc
import Vitals

/// Times and quantities as people read them. `-` is what is not known.
enum Amount {
    /// A length of time by its largest unit: `340ms`, `3s`, `2m`, `5h`, `3d`.
    static func age(_ duration: Duration) -> String {
        let milliseconds = duration.nanoseconds / 1_000_000
        switch milliseconds {
        case ..<0: return "0s"
        case ..<1000: return "\(milliseconds)ms"
        case ..<60_000: return "\(milliseconds / 1000)s"
        case ..<3_600_000: return "\(milliseconds / 60_000)m"
        case ..<86_400_000: return "\(milliseconds / 3_600_000)h"
        default: return "\(milliseconds / 86_400_000)d"
        }
    }

    /// How long ago something was, from the wire's text; a clock that is ahead makes it `0s`.
    static func age(since text: String?, now: WallTime) -> String {
        guard let then = text.flatMap({ WallTime(rfc3339: $0) }) else { return "-" }
        let gone = Duration.nanoseconds(now.nanoseconds &- then.nanoseconds)
        return gone < .seconds(1) ? "0s" : age(gone)
    }

    /// The time of day here, from the wire's text: `18:20:54`; with the date where it is not today's.
    static func localTime(
        _ text: String, now: WallTime, calendar: (WallTime) -> tm = Amount.calendar
    ) -> String {
        guard let time = WallTime(rfc3339: text) else { return "-" }
        let then = calendar(time)
        let today = calendar(now)
        let clock = "\(two(then.tm_hour)):\(two(then.tm_min)):\(two(then.tm_sec))"
        guard then.tm_year != today.tm_year || then.tm_yday != today.tm_yday else { return clock }
        return "\(Int(then.tm_year) + 1900)-\(two(then.tm_mon + 1))-\(two(then.tm_mday)) \(clock)"
    }

    /// Milliseconds: `0.42ms`, `12ms`, `1.5s`.
    static func latency(_ milliseconds: Double?) -> String {
        guard let milliseconds, milliseconds.isFinite else { return "-" }
        if milliseconds >= 1000 { return decimal(milliseconds / 1000, places: 1) + "s" }
        return decimal(milliseconds, places: milliseconds >= 10 ? 0 : milliseconds >= 1 ? 1 : 2) + "ms"
    }

    /// A percentage with one decimal place: `12.3%`.
    static func percent(_ value: Double?) -> String { value.map { decimal($0, places: 1) + "%" } ?? "-" }

    /// A size in binary units: `1.5 GiB`.
    static func size(_ bytes: Int64?) -> String { bytes.map { ByteCount($0).text } ?? "-" }

    /// A whole number.
    static func whole(_ number: Int64?) -> String { number.map(String.init) ?? "-" }

    /// A number with this many decimal places.
    static func decimal(_ value: Double, places: Int) -> String {
        var unit = 1.0
        for _ in 0..<places { unit *= 10 }
        let scaled = (value * unit).rounded()
        guard scaled.magnitude < 9e15 else { return "\(value)" }
        let digits = Int64(scaled.magnitude)
        let base = Int64(unit)
        let sign = scaled < 0 ? "-" : ""
        guard places > 0 else { return "\(sign)\(digits)" }
        let fraction = String(digits % base)
        return "\(sign)\(digits / base)." + String(repeating: "0", count: places - fraction.count) + fraction
    }

    /// The fields of a time in the zone of this process.
    static func calendar(_ time: WallTime) -> tm {
        var seconds = time_t(time.nanoseconds / 1_000_000_000)
        var fields = tm()
        localtime_r(&seconds, &fields)
        return fields
    }

    private static func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
