// SPDX-License-Identifier: Apache-2.0

extension WallTime {
    /// Reads what `rfc3339` writes: UTC with `Z`, with or without a fraction of a second.
    package init?(rfc3339 text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20, bytes[bytes.count - 1] == UInt8(ascii: "Z") else { return nil }
        func number(_ range: Range<Int>) -> Int64? {
            var value: Int64 = 0
            for byte in bytes[range] {
                guard byte >= 0x30, byte <= 0x39 else { return nil }
                value = value * 10 + Int64(byte - 0x30)
            }
            return value
        }
        guard bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"), bytes[10] == UInt8(ascii: "T"),
            bytes[13] == UInt8(ascii: ":"), bytes[16] == UInt8(ascii: ":"),
            let year = number(0..<4), let month = number(5..<7), let day = number(8..<10),
            let hour = number(11..<13), let minute = number(14..<16), let second = number(17..<19),
            (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second <= 60
        else { return nil }
        var fraction: Int64 = 0
        if bytes.count > 20 {
            let digits = 20..<(bytes.count - 1)
            guard bytes[19] == UInt8(ascii: "."), !digits.isEmpty, digits.count <= 9,
                let value = number(digits)
            else { return nil }
            fraction = value
            for _ in digits.count..<9 { fraction *= 10 }
        }
        // Days-from-civil, Howard Hinnant's algorithm, the inverse of what `rfc3339` does; years 1678 to 2261
        // fit into 64 bits of nanoseconds.
        guard (1678...2261).contains(year) else { return nil }
        let y = month <= 2 ? year - 1 : year
        let era = y / 400
        let yoe = y - era * 400
        let doy = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let doe = yoe * 365 + yoe / 4 - yoe / 100 + doy
        let days = era * 146_097 + doe - 719_468
        self.init(
            nanoseconds: ((days * 24 + hour) * 60 + minute) * 60 * 1_000_000_000 + second * 1_000_000_000
                + fraction)
    }
}
