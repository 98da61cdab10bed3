// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The contents of a kernel file, valid while it is parsed: a cursor that never reads past the end.
///
/// Whatever the bytes are, nothing traps: numbers that do not fit are absent, lines that are not understood are
/// skipped and counted. The kernel ends every line with a line feed, so a last line without one was cut off and
/// is not believed.
struct KernelBytes {
    private let base: UnsafePointer<UInt8>?
    let count: Int
    /// Where the cursor stands.
    private(set) var offset = 0

    init(_ buffer: UnsafeBufferPointer<UInt8>) {
        base = buffer.baseAddress
        count = buffer.baseAddress == nil ? 0 : buffer.count
    }

    /// The byte at an offset; 0 past the end.
    @inline(__always)
    subscript(offset: Int) -> UInt8 {
        guard let base, offset >= 0, offset < count else { return 0 }
        return base[offset]
    }

    var isAtEnd: Bool { offset >= count }

    /// Moves the cursor behind the next line and returns its range without the line feed; nil at the end.
    /// `isWhole` is false for a last line that was cut off.
    @inline(__always)
    mutating func nextLine() -> (range: Range<Int>, isWhole: Bool)? {
        guard let base, offset < count else { return nil }
        let start = offset
        guard let end = memchr(base + start, 0x0a, count - start) else {
            offset = count
            return (start..<count, false)
        }
        let i = UnsafePointer(end.assumingMemoryBound(to: UInt8.self)) - base
        offset = i + 1
        return (start..<i, true)
    }

    /// The number that fills a range exactly; nil for anything else, also for what does not fit into Int64.
    @inline(__always)
    func number(_ range: Range<Int>) -> Int64? {
        var i = range.lowerBound
        guard let value = digits(&i, until: range.upperBound), i == range.upperBound else { return nil }
        return value
    }

    /// Reads digits from `i` on and moves it behind them; nil without a digit or beyond Int64.
    @inline(__always)
    func digits(_ i: inout Int, until end: Int) -> Int64? {
        guard let base, i >= 0, end <= count else { return nil }
        let start = i
        var value: Int64 = 0
        while i < end {
            let digit = base[i] &- 0x30
            if digit > 9 { break }
            // Eighteen digits always fit; only behind them the overflow must be watched.
            if i &- start < 18 {
                value = value &* 10 &+ Int64(digit)
            } else {
                let (product, o1) = value.multipliedReportingOverflow(by: 10)
                let (sum, o2) = product.addingReportingOverflow(Int64(digit))
                if o1 || o2 { return nil }
                value = sum
            }
            i &+= 1
        }
        return i > start ? value : nil
    }

    /// Where a byte stands first in a range.
    @inline(__always)
    func firstIndex(of byte: UInt8, in range: Range<Int>) -> Int? {
        guard let base, range.lowerBound >= 0, range.upperBound <= count else { return nil }
        var i = range.lowerBound
        while i < range.upperBound {
            if base[i] == byte { return i }
            i &+= 1
        }
        return nil
    }

    /// Where a byte stands last in a range.
    func lastIndex(of byte: UInt8, in range: Range<Int>) -> Int? {
        guard let base, range.lowerBound >= 0, range.upperBound <= count else { return nil }
        var i = range.upperBound - 1
        while i >= range.lowerBound {
            if base[i] == byte { return i }
            i -= 1
        }
        return nil
    }

    /// The eight bytes at an offset as one number; 0 where they do not lie within the contents.
    @inline(__always)
    func eight(at offset: Int) -> UInt64 {
        guard let base, offset >= 0, offset <= count - 8 else { return 0 }
        return UnsafeRawPointer(base + offset).loadUnaligned(as: UInt64.self)
    }

    /// Whether a range begins with a word; the rest is not looked at.
    @inline(__always)
    func starts(_ range: Range<Int>, with word: StaticString) -> Bool {
        guard let base, range.count >= word.utf8CodeUnitCount, range.upperBound <= count else { return false }
        for k in 0..<word.utf8CodeUnitCount where base[range.lowerBound + k] != word.utf8Start[k] {
            return false
        }
        return true
    }

    /// Whether a range is exactly a word.
    @inline(__always)
    func equals(_ range: Range<Int>, _ word: StaticString) -> Bool {
        range.count == word.utf8CodeUnitCount && starts(range, with: word)
    }

    /// The stretches between blanks of a range, one after the other.
    func fields(_ range: Range<Int>) -> Fields {
        Fields(bytes: self, position: range.lowerBound, end: range.upperBound)
    }

    /// A copy of a range.
    func array(_ range: Range<Int>) -> [UInt8] {
        guard let base, range.lowerBound >= 0, range.upperBound <= count else { return [] }
        return Array(UnsafeBufferPointer(start: base + range.lowerBound, count: range.count))
    }

    /// A range as text; what is not UTF-8 is replaced.
    func text(_ range: Range<Int>) -> String {
        guard let base, range.lowerBound >= 0, range.upperBound <= count else { return "" }
        return String(
            decoding: UnsafeBufferPointer(start: base + range.lowerBound, count: range.count), as: UTF8.self)
    }

    /// Walks over the fields of a line.
    struct Fields {
        let bytes: KernelBytes
        var position: Int
        let end: Int

        /// The next field; nil when there is none.
        @inline(__always)
        mutating func next() -> Range<Int>? {
            while position < end, bytes[position] == 0x20 || bytes[position] == 0x09 { position &+= 1 }
            let start = position
            while position < end, bytes[position] != 0x20, bytes[position] != 0x09 { position &+= 1 }
            return position > start ? start..<position : nil
        }
    }
}
