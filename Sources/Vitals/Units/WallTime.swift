// SPDX-License-Identifier: Apache-2.0

/// A point of wall time (CLOCK_REALTIME), in nanoseconds since 1970-01-01T00:00:00Z; a label, never a basis
/// for scheduling.
package struct WallTime: Hashable, Comparable, Sendable {
    /// Nanoseconds since the Unix epoch.
    package var nanoseconds: Int64

    /// Makes a wall time from nanoseconds since the Unix epoch.
    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// Seconds since the Unix epoch, as metrics want it.
    package var seconds: Double { Double(nanoseconds) / 1e9 }

    /// Whether the left time is earlier.
    package static func < (a: WallTime, b: WallTime) -> Bool { a.nanoseconds < b.nanoseconds }

    /// RFC 3339 in UTC with milliseconds, for example `2026-11-22T18:20:54.120Z`.
    package var rfc3339: String {
        let milliseconds = nanoseconds.flooredDivision(by: 1_000_000)
        let seconds = milliseconds.flooredDivision(by: 1000)
        let days = seconds.flooredDivision(by: 86_400)
        let second = Int(seconds - days * 86_400)
        // Civil-from-days, Howard Hinnant's algorithm: eras of 400 years beginning on 1 March.
        let z = days + 719_468
        let era = z.flooredDivision(by: 146_097)
        let doe = z - era * 146_097
        let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365
        let doy = doe - (365 * yoe + yoe / 4 - yoe / 100)
        let mp = (5 * doy + 2) / 153
        let day = Int(doy - (153 * mp + 2) / 5 + 1)
        let month = Int(mp < 10 ? mp + 3 : mp - 9)
        let year = Int(yoe + era * 400 + (month <= 2 ? 1 : 0))
        func pad(_ n: Int, _ width: Int) -> String {
            let digits = String(n)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        return pad(year, 4) + "-" + pad(month, 2) + "-" + pad(day, 2) + "T" + pad(second / 3600, 2) + ":"
            + pad(second / 60 % 60, 2) + ":" + pad(second % 60, 2) + "."
            + pad(Int(milliseconds - seconds * 1000), 3) + "Z"
    }
}

extension Int64 {
    /// Integer division that rounds towards negative infinity.
    fileprivate func flooredDivision(by divisor: Int64) -> Int64 {
        let quotient = self / divisor
        return self % divisor < 0 ? quotient - 1 : quotient
    }
}
