// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Vitals

/// The mount tables of processes, shared by all checks: read anew where mounts changed and every second besides,
/// parsed anew where the text is another one.
///
/// The kernel tells of mounts that come and go, but not of a file system that it itself made read-only after an I/O
/// error, which is what a check wants to know most. So what nothing was told of is good for a second, as every figure
/// of the kernel is, and then the text is read and compared.
final class MountTables: Sendable {
    /// Texts longer than this (some 5,000 mounts) are not kept.
    static let keptBytes = 1024 * 1024
    /// How long a table is good that no mount has changed.
    static let freshness = Duration.seconds(1)

    private struct Entry {
        let file: MountFile
        let bytes: [UInt8]
        let table: MountTable
        let read: Instant
    }

    private let time: any TimeSource
    private let entries = Mutex<[String: Entry]>([:])

    /// Makes tables that have read nothing yet.
    init(time: any TimeSource) { self.time = time }

    /// The table of a mountinfo file. Reading procfs never hangs, so that others may wait for it.
    func table(reading path: String) throws(SystemError) -> MountTable {
        try entries.withLock { entries throws(SystemError) in
            let now = time.now
            // Asked before reading: what changes while the text is read is told the next time.
            if let entry = entries[path], !entry.file.hasChanged, now - entry.read < Self.freshness {
                return entry.table
            }
            // Taken out: what cannot be read is opened anew the next time.
            let old = entries.removeValue(forKey: path)
            let kept = old.flatMap { $0.file.isWatched ? $0.file : nil }
            let file = if let kept { kept } else { try MountFile(path) }
            let bytes = try file.bytes()
            // Sandboxed or not, the tables of vitald and of process 1 are often the same.
            let known = old?.bytes == bytes ? old : entries.values.first { $0.bytes == bytes }
            let table = known?.table ?? MountTable(parsing: bytes)
            if bytes.count <= Self.keptBytes {
                entries[path] = Entry(file: file, bytes: bytes, table: table, read: now)
            }
            return table
        }
    }
}
