// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The mount tables of processes, shared by all checks: read anew each time, parsed anew where they changed.
///
/// poll(2) on mountinfo tells of mounts that come and go, but not of a file system that the kernel itself made
/// read-only after an I/O error, which is what a check wants to know most. So the bytes are read and compared.
final class MountTables: Sendable {
    /// Texts longer than this (some 5,000 mounts) are not kept.
    static let keptBytes = 1024 * 1024

    private struct Entry {
        var bytes: [UInt8]
        var table: MountTable
    }

    private let entries = Mutex<[String: Entry]>([:])

    /// The table of a mountinfo file.
    func table(reading path: String) throws(SystemError) -> MountTable {
        let bytes = try MountTable.bytes(reading: path)
        let known = entries.withLock { entries in
            // Sandboxed or not, the tables of vitald and of process 1 are often the same.
            entries[path].flatMap { $0.bytes == bytes ? $0 : nil }
                ?? entries.values.first { $0.bytes == bytes }
        }
        if let known {
            entries.withLock { $0[path] = known }
            return known.table
        }
        let table = MountTable(parsing: bytes)
        entries.withLock {
            $0[path] = bytes.count <= Self.keptBytes ? Entry(bytes: bytes, table: table) : nil
        }
        return table
    }
}
