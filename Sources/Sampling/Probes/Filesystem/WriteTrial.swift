// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Shows that a file system takes data: writes one block, waits until it is on the medium, leaves nothing.
enum WriteTrial {
    /// One block, so that file systems which keep tiny files beside the inode must find room as well.
    static let size = 4096

    // O_TMPFILE is __O_TMPFILE | O_DIRECTORY (asm-generic/fcntl.h, Linux 3.11), a macro that Swift cannot see.
    private static let unnamed: Int32 = 0o20000000 | O_DIRECTORY

    /// Writes into the directory, or beside the file, at `path`; may hang for ever on a failing medium.
    static func run(at path: String) throws(SystemError) {
        var directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if directory < 0, errno == ENOTDIR {
            let parent =
                path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
            directory = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        }
        guard directory >= 0 else { throw SystemError(errno) }
        defer { close(directory) }

        // Without a name nothing can be left behind, even by SIGKILL; NFS and FUSE do not have it.
        let file = openat(directory, ".", O_WRONLY | O_CLOEXEC | unnamed, 0o600)
        if file >= 0 { return try fill(file) }
        guard errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL || errno == ENOSYS || errno == ENOENT
        else {
            throw SystemError(errno)
        }
        let name = ".vitald-trial-\(getpid())-\(UInt32.random(in: .min ... .max))"
        let named = openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard named >= 0 else { throw SystemError(errno) }
        defer { unlinkat(directory, name, 0) }
        try fill(named)
    }

    /// Writes the block and closes the file; close can report a late error on network file systems.
    private static func fill(_ file: Int32) throws(SystemError) {
        var problem: Int32 = 0
        let block = [UInt8](repeating: 0x76, count: size)
        var written = 0
        while written < size, problem == 0 {
            let count = block.withUnsafeBytes {
                write(file, $0.baseAddress?.advanced(by: written), size - written)
            }
            if count > 0 {
                written += count
            } else if count == 0 {
                problem = EIO
            } else if errno != EINTR {
                problem = errno
            }
        }
        // EINVAL: a file system without fsync has nothing to wait for.
        if problem == 0, fsync(file) != 0, errno != EINVAL { problem = errno }
        if close(file) != 0, problem == 0, errno != EINTR { problem = errno }
        if problem != 0 { throw SystemError(problem) }
    }
}
