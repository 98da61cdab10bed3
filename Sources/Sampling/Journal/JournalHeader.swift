// SPDX-License-Identifier: Apache-2.0

import CSystemd
import Glibc
import Vitals

/// The beginning of a journal file, which journald keeps up to date with each entry (systemd, JOURNAL_FILE_FORMAT):
/// ```
///   0 LPKSHHRH      72 seqnum_id, 16 bytes    160 tail_entry_seqnum
///  24 file_id      152 n_entries              192 tail_entry_realtime, µs
/// ```
/// Numbers are little-endian, 8 bytes. libsystemd does not tell them, and calls the end of what it can read the end.
struct JournalHeader {
    /// How long the file is.
    let size: Int64
    /// Which one it is.
    let identity: JournalFile.Identity
    /// Where its numbers come from, as cursors have it.
    private(set) var source = ""
    /// The number of the last entry; 0 where there is none, or no header.
    private(set) var tailSequence: UInt64 = 0
    /// When journald took the last entry.
    private(set) var tailTime = WallTime(nanoseconds: 0)
    /// How many entries there are.
    private(set) var entries: UInt64 = 0
    /// Whether it could not be opened for want of descriptors or memory: then only size and identity are known.
    private(set) var isUnread = false

    private static let length = 200

    /// Reads it, through a descriptor and not a map: what is missing is missing. Nil where it cannot be opened.
    init?(_ path: String) {
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        isUnread = descriptor < 0 && JournalProblem.shortage(errno) != nil
        guard descriptor >= 0 || isUnread else { return nil }
        defer { if descriptor >= 0 { close(descriptor) } }
        var status = stat()
        guard (isUnread ? stat(path, &status) : fstat(descriptor, &status)) == 0 else { return nil }
        size = Int64(status.st_size)
        identity = JournalFile.Identity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
        guard !isUnread else { return }
        withUnsafeTemporaryAllocation(byteCount: Self.length, alignment: 8) { buffer in
            guard pread(descriptor, buffer.baseAddress, buffer.count, 0) == buffer.count,
                buffer.prefix(8).elementsEqual("LPKSHHRH".utf8)
            else { return }
            func number(_ offset: Int) -> UInt64 {
                UInt64(littleEndian: buffer.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            }
            var id = csystemd_id()
            withUnsafeMutableBytes(of: &id.bytes) { $0.copyBytes(from: buffer[72..<88]) }
            source = id.text
            entries = number(152)
            tailSequence = number(160)
            tailTime = WallTime(nanoseconds: Int64(clamping: min(number(192), 1 << 53) * 1000))
        }
    }
}
