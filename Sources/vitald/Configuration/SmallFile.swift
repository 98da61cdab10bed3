// SPDX-License-Identifier: Apache-2.0

import Glibc
import Vitals

/// A small regular file, read whole and bounded.
struct SmallFile {
    /// Its bytes.
    let bytes: [UInt8]
    /// The uid of its owner.
    let owner: UInt32
    /// Its permission bits.
    let mode: UInt32

    /// Why it cannot be read.
    enum Failure: Error, Equatable {
        /// Nothing has this name.
        case missing
        /// It is a directory, a pipe, a device …
        case notRegular(String)
        /// It holds more than the limit.
        case tooLarge
        /// The kernel said no.
        case refused(Int32)

        /// Whether the same file may be readable the next time.
        var isPassing: Bool {
            guard case .refused(let code) = self else { return false }
            return [EMFILE, ENFILE, ENOMEM, EIO, EAGAIN, EINTR, ESTALE, ETIMEDOUT].contains(code)
        }
    }

    /// Reads the file at `path`, at most `limit` bytes of it.
    init(reading path: String, limit: Int) throws(Failure) {
        // O_NONBLOCK: opening a pipe that nobody writes to must not hang the start.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else {
            let code = errno
            throw code == ENOENT || code == ENOTDIR ? .missing : .refused(code)
        }
        defer { close(descriptor) }
        var info = stat()
        guard fstat(descriptor, &info) == 0 else { throw .refused(errno) }
        guard info.st_mode & S_IFMT == S_IFREG else { throw .notRegular(SmallFile.word(for: info.st_mode)) }
        guard info.st_size <= limit else { throw .tooLarge }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0 {
                if errno == EINTR { continue }
                throw .refused(errno)
            }
            if count == 0 { break }
            bytes.append(contentsOf: chunk[..<count])
            guard bytes.count <= limit else { throw .tooLarge }  // it grew while being read
        }
        self.bytes = bytes
        owner = info.st_uid
        mode = info.st_mode & 0o7777
    }

    /// What is wrong with its owner, who can change it; nil for root's files and those of `uid`, vitald's own.
    func stranger(at path: String, uid: UInt32) -> ConfigurationSurroundings.SecretFault? {
        guard owner != 0, owner != uid else { return nil }
        return .init(
            fact: "\(Self.quote(path)) belongs to uid \(owner), who can change it",
            remedy: "Give it to the user of vitald or to root: chown \(uid) \(Quotation.shell(path))")
    }

    /// The path in quotes, where it may be quoted: it may be the secret itself, written in the place of its file.
    static func quote(_ path: String) -> String {
        Quotation.quote(path: path) { access($0, F_OK) == 0 }
    }

    private static func word(for mode: UInt32) -> String {
        switch mode & S_IFMT {
        case S_IFDIR: "a directory"
        case S_IFIFO: "a pipe"
        case S_IFSOCK: "a socket"
        default: "a device"
        }
    }

    /// What an errno means for a file that is to be read.
    static func phrase(for code: Int32) -> String {
        switch code {
        case EACCES, EPERM: "may not be read by vitald"
        case ELOOP: "is a symbolic link that leads in a circle"
        case ENAMETOOLONG: "has too long a path"
        case EMFILE, ENFILE: "cannot be opened: no descriptors are left"
        case EIO: "cannot be read: the disk reports an error"
        default: "cannot be read (errno \(code))"
        }
    }
}
