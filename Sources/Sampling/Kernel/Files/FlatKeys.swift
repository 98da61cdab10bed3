// SPDX-License-Identifier: Apache-2.0

/// The keys that are wanted of a "flat keyed" file (`Documentation/admin-guide/cgroup-v2.rst`):
/// ```
/// KEY0 VAL0\n
/// KEY1 VAL1\n
/// ```
/// Kernels add keys at will, so lines are found by key, never by position, and unknown keys are skipped.
struct FlatKeys: Sendable {
    private struct Slot: Sendable {
        let key: StaticString
        let column: Int
    }

    private let slots: [Slot?]

    /// Twice as many slots as keys keep the chains short; a power of two makes the mask.
    private static let slotCount = 128

    init(_ keys: [(StaticString, FigureColumn)]) {
        var slots = [Slot?](repeating: nil, count: Self.slotCount)
        for (key, column) in keys {
            let bytes = UnsafeBufferPointer(start: key.utf8Start, count: key.utf8CodeUnitCount)
            var at = Self.place(of: KernelBytes(bytes), 0..<bytes.count)
            while slots[at] != nil { at = (at + 1) & (Self.slotCount - 1) }
            slots[at] = Slot(key: key, column: column.rawValue)
        }
        self.slots = slots
    }

    /// Puts the wanted values into the row; returns how many lines were not understood.
    func parse(_ bytes: KernelBytes, into row: FigureRow) -> Int {
        var bytes = bytes
        var bad = 0
        while let (line, isWhole) = bytes.nextLine() {
            guard isWhole, let blank = bytes.firstIndex(of: 0x20, in: line), blank > line.lowerBound else {
                bad += 1
                continue
            }
            guard let column = column(of: bytes, line.lowerBound..<blank) else { continue }
            guard let value = bytes.number(blank + 1..<line.upperBound) else {
                bad += 1
                continue
            }
            row[raw: column] = value
        }
        return bad
    }

    @inline(__always)
    private func column(of bytes: KernelBytes, _ key: Range<Int>) -> Int? {
        var at = Self.place(of: bytes, key)
        while let slot = slots[at] {
            if bytes.equals(key, slot.key) { return slot.column }
            at = (at + 1) & (Self.slotCount - 1)
        }
        return nil
    }

    /// Where a key belongs, by its first and last eight bytes and its length: memory.stat has 50 keys, each of which is
    /// looked up at every reading. Shorter keys are taken byte by byte.
    @inline(__always)
    private static func place(of bytes: KernelBytes, _ key: Range<Int>) -> Int {
        var hash = UInt64(truncatingIfNeeded: key.count)
        if key.count >= 8 {
            hash ^= bytes.eight(at: key.lowerBound)
            hash = hash &* 0x9e37_79b9_7f4a_7c15 ^ bytes.eight(at: key.upperBound - 8)
        } else {
            for i in key { hash = hash << 8 ^ UInt64(bytes[i]) }
        }
        return Int(truncatingIfNeeded: (hash &* 0x9e37_79b9_7f4a_7c15) >> 57)
    }
}
