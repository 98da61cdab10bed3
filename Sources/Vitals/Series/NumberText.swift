// SPDX-License-Identifier: Apache-2.0

/// Writes numbers as JSON and the exposition formats want them, as plain decimals wherever that is short.
package enum NumberText {
    /// The most bytes that one number takes.
    package static let maximumLength = 40

    /// Writes a value at `out`, which has room for `maximumLength` bytes; returns the number of bytes written.
    @inline(__always)
    package static func write(_ value: MetricValue, at out: UnsafeMutablePointer<UInt8>) -> Int {
        switch value {
        case .integer(let n): writeInteger(n, at: out)
        case .micros(let n): writeFixed(n, digits: 6, unit: 1_000_000, at: out)
        case .nanos(let n): writeFixed(n, digits: 9, unit: 1_000_000_000, at: out)
        case .double(let d): writeDouble(d, at: out)
        }
    }

    /// Appends a value to a buffer.
    package static func append(_ value: MetricValue, to bytes: inout [UInt8]) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: maximumLength) { scratch in
            guard let base = scratch.baseAddress else { return }
            let count = write(value, at: base)
            bytes.append(contentsOf: UnsafeBufferPointer(start: base, count: count))
        }
    }

    /// A whole number in decimal.
    @inline(__always)
    static func writeInteger(_ n: Int64, at out: UnsafeMutablePointer<UInt8>) -> Int {
        if n < 0 {
            out[0] = UInt8(ascii: "-")
            return 1 + writeMagnitude(n.magnitude, at: out + 1)
        }
        return writeMagnitude(UInt64(n), at: out)
    }

    /// A whole number without sign in decimal.
    @inline(__always)
    static func writeMagnitude(_ magnitude: UInt64, at out: UnsafeMutablePointer<UInt8>) -> Int {
        if magnitude < 10 {
            out[0] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: magnitude)
            return 1
        }
        var count = 1
        var bound: UInt64 = 10
        while magnitude >= bound {
            count += 1
            let (next, overflow) = bound.multipliedReportingOverflow(by: 10)
            if overflow { break }
            bound = next
        }
        var rest = magnitude
        var i = count - 1
        while i >= 0 {
            let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
            out[i] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: digit)
            rest = quotient
            i -= 1
        }
        return count
    }

    /// A fixed-point number without trailing zeros: 1_500_000 of 6 digits is `1.5`.
    @inline(__always)
    static func writeFixed(_ n: Int64, digits: Int, unit: UInt64, at out: UnsafeMutablePointer<UInt8>) -> Int
    {
        var p = 0
        if n < 0 {
            out[0] = UInt8(ascii: "-")
            p = 1
        }
        let (whole, fraction) = n.magnitude.quotientAndRemainder(dividingBy: unit)
        p += writeMagnitude(whole, at: out + p)
        if fraction == 0 { return p }
        out[p] = UInt8(ascii: ".")
        var rest = fraction
        var last = digits
        while rest % 10 == 0 {
            rest /= 10
            last -= 1
        }
        var i = last
        while i > 0 {
            let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
            out[p + i] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: digit)
            rest = quotient
            i -= 1
        }
        return p + 1 + last
    }

    /// A floating-point number: integers and decimals of up to six places as such, the rest as Swift's shortest.
    static func writeDouble(_ d: Double, at out: UnsafeMutablePointer<UInt8>) -> Int {
        if d.magnitude < 9e9 {
            let scaled = d * 1e6
            let rounded = scaled.rounded()
            // Exact only where the decimal, read back, is the same number.
            if rounded / 1e6 == d, !(d == 0 && d.sign == .minus) {
                return writeFixed(Int64(rounded), digits: 6, unit: 1_000_000, at: out)
            }
        }
        if d.isNaN { return writeWord("NaN", at: out) }
        if d.isInfinite { return writeWord(d < 0 ? "-Inf" : "+Inf", at: out) }
        if let whole = Int64(exactly: d), whole.magnitude < 1 << 53, !(d == 0 && d.sign == .minus) {
            return writeInteger(whole, at: out)
        }
        var count = 0
        for byte in d.description.utf8.prefix(maximumLength) {
            out[count] = byte
            count += 1
        }
        return count
    }

    private static func writeWord(_ word: StaticString, at out: UnsafeMutablePointer<UInt8>) -> Int {
        word.withUTF8Buffer { literal in
            for i in 0..<literal.count { out[i] = literal[i] }
            return literal.count
        }
    }
}
