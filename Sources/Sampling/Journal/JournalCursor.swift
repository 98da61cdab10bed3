// SPDX-License-Identifier: Apache-2.0

/// The place of one entry (sd_journal_get_cursor(3)):
/// ```
/// s=e0c7…;i=12d687;b=4a1c…;m=5d3d2f;t=5bd9f0a1c7d11;x=9b2cf0a0e9d6d1f4
/// ```
/// Sequence number and its source, boot, monotonic and wall time in µs, and a sum over the fields.
struct JournalCursor: Equatable {
    /// As libsystemd takes it.
    let text: String
    private let source: Substring
    private let sequence: UInt64
    private let identity: [Substring]

    /// Takes a cursor apart; nil where it is none.
    init?(_ text: String) {
        var values: [UInt8: Substring] = [:]
        for part in text.split(separator: ";") where part.utf8.count > 2 {
            values[part.utf8.first ?? 0] = part.dropFirst(2)
        }
        guard let source = values[UInt8(ascii: "s")],
            let sequence = values[UInt8(ascii: "i")].flatMap({ UInt64($0, radix: 16) })
        else { return nil }
        self.text = text
        self.source = source
        self.sequence = sequence
        identity = [UInt8(ascii: "b"), UInt8(ascii: "m"), UInt8(ascii: "t"), UInt8(ascii: "x")]
            .compactMap { values[$0] }
    }

    /// Whether both name the same entry, which journald may have copied from /run to /var meanwhile: a copy has
    /// another number and is the same in all else.
    func isSameEntry(as other: JournalCursor) -> Bool { identity == other.identity }

    /// Whether the entry of this number was written later; nil where it was numbered from another source.
    func isBefore(_ number: UInt64, from other: String) -> Bool? { source == other ? sequence < number : nil }

    /// Whether it is the entry of this number.
    func isEntry(_ number: UInt64, from other: String) -> Bool { source == other && sequence == number }

    /// How many entries journald wrote between the other, earlier one and this one; nil where the two were not
    /// numbered from the same source.
    func entries(since other: JournalCursor) -> UInt64? {
        guard source == other.source, sequence > other.sequence else { return nil }
        return sequence - other.sequence - 1
    }
}
