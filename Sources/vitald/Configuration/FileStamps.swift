// SPDX-License-Identifier: Apache-2.0

import Glibc

/// By what one sees that files were changed or replaced: device, inode, size and times of change. A link counts as
/// what it leads to, so that a link that is turned is seen too.
struct FileStamps: Equatable, Sendable {
    private var files: [[Int64]] = []

    /// No files.
    init() {}

    /// Looks at them; may hang as long as one of them does. A missing one has a stamp of its own.
    init(of paths: [String]) {
        files = paths.map { path in
            var status = stat()
            guard stat(path, &status) == 0 else { return [Int64(errno)] }
            return [
                Int64(truncatingIfNeeded: status.st_dev), Int64(truncatingIfNeeded: status.st_ino),
                Int64(status.st_size), Int64(status.st_mtim.tv_sec), Int64(status.st_mtim.tv_nsec),
                Int64(status.st_ctim.tv_sec), Int64(status.st_ctim.tv_nsec),
            ]
        }
    }

    /// Those of more files behind these.
    mutating func append(_ other: FileStamps) { files += other.files }
}
