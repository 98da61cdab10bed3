// SPDX-License-Identifier: Apache-2.0

/// `memory.stat`: bytes, and events since the cgroup was made; hierarchical.
/// ```
/// anon 192512
/// file 22753280
/// kernel 626688
/// …
/// inactive_file 32768
/// active_file 22720512
/// pgfault 45750
/// ```
/// `kernel` since 5.18; the refaults were one number, `workingset_refault`, before 5.9.
enum MemoryStat {
    static let keys = FlatKeys([
        ("anon", .anon), ("file", .file), ("kernel", .kernel), ("file_mapped", .fileMapped),
        ("file_dirty", .fileDirty), ("file_writeback", .fileWriteback), ("inactive_file", .inactiveFile),
        ("active_file", .activeFile), ("pgfault", .pageFaults), ("pgmajfault", .majorPageFaults),
        ("pgscan", .pagesScanned), ("pgsteal", .pagesStolen), ("workingset_refault_file", .refaultFile),
        ("workingset_refault_anon", .refaultAnon),
    ])
}
