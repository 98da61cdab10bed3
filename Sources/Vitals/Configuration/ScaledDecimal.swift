// SPDX-License-Identifier: Apache-2.0

/// Decimal numbers with a unit, in whole small units, without the rounding of floating point on the way.
enum ScaledDecimal {
    /// More digits behind the point than this say nothing about nanoseconds or bytes.
    private static let maximumFraction = 18

    /// `1.5` of a unit of 1000 is 1500; nil for anything but digits with at most one point between them, and
    /// for what does not fit. What is finer than the small unit is rounded to the nearest.
    static func parse(_ text: some Collection<UInt8>, unit: Int64) -> Int64? {
        var whole: UInt64 = 0
        var fraction: UInt64 = 0
        var scale: UInt64 = 1
        var wholeDigits = 0
        var fractionDigits = 0
        var hasPoint = false
        for byte in text {
            if byte == UInt8(ascii: "."), !hasPoint {
                hasPoint = true
                continue
            }
            let digit = byte &- UInt8(ascii: "0")
            guard digit <= 9 else { return nil }
            if hasPoint {
                fractionDigits += 1
                guard fractionDigits <= maximumFraction else { return nil }
                fraction = fraction &* 10 &+ UInt64(digit)
                scale = scale &* 10
            } else {
                wholeDigits += 1
                let (product, o1) = whole.multipliedReportingOverflow(by: 10)
                let (sum, o2) = product.addingReportingOverflow(UInt64(digit))
                if o1 || o2 { return nil }
                whole = sum
            }
        }
        guard wholeDigits > 0, fractionDigits > 0 || !hasPoint, let unit = UInt64(exactly: unit) else {
            return nil
        }
        let (product, overflow) = whole.multipliedReportingOverflow(by: unit)
        // fraction < scale, so the quotient stays below the unit and cannot overflow.
        var (part, rest) = scale.dividingFullWidth(fraction.multipliedFullWidth(by: unit))
        if rest >= scale - rest { part += 1 }
        let (sum, overflowed) = product.addingReportingOverflow(part)
        return overflow || overflowed ? nil : Int64(exactly: sum)
    }
}
