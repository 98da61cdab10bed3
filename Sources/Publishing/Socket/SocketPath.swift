// SPDX-License-Identifier: Apache-2.0

import Glibc
import Vitals

/// Where a Unix socket shall listen, and how it gets there without stepping on anybody.
///
/// A socket that a dead vitald left behind is taken over; a live one, a symbolic link, a foreign file, a foreign
/// owner or a directory that others may write to are refused. The whole is decided under a lock beside the
/// socket (`PATH.lock`, flock(2)), so that of twenty daemons started at once exactly one serves.
package struct SocketPath: Sendable, Hashable {
    /// The path.
    package var path: String
    /// Permission bits of the socket.
    package var mode: UInt32
    /// Name of the group that may connect; nil leaves the daemon's own.
    package var group: String?

    /// Describes a socket to be.
    package init(_ path: String, mode: UInt32 = 0o660, group: String? = nil) {
        self.path = path
        self.mode = mode
        self.group = group
    }

    /// `sun_path` of unix(7): 108 bytes with the closing zero.
    private static let longestPath = 107
    /// Connections that wait to be accepted.
    private static let backlog: CInt = 1024
    /// How long the holder of the lock gets to write down its pid before it is named without.
    private static let pidRounds = 20
    private static let pidRound: CInt = 10

    /// Makes the socket and listens. Blocks for a moment at most; meant for the start, before anything else runs.
    package func listen() throws(SocketPathFault) -> ListeningSocket {
        guard !path.isEmpty, path.utf8.count <= Self.longestPath, !path.utf8.contains(0) else {
            throw refused(
                "the path has \(path.utf8.count) bytes, a Unix socket's has 1 to \(Self.longestPath)",
                "Choose a shorter --socket.")
        }
        try prepareDirectory()
        let lock = try takeLock()
        do throws(SocketPathFault) {
            try clear()
            return try bind(holding: lock)
        } catch {
            close(lock)
            throw error
        }
    }

    private var directory: String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// The directory and the lock as sentences name them: what was written in the place of a path may be a secret.
    private var shownDirectory: String { Self.named("the directory", directory, else: "its directory") }
    private var shownLock: String { Self.named("the lock", path + ".lock", else: "its lock") }

    private static func named(_ what: String, _ path: String, else words: String) -> String {
        let shown = SocketPathFault.shown(path, else: "")
        return shown.isEmpty ? words : "\(what) \(shown)"
    }

    /// Others who may write to the directory could put their own socket there. With the sticky bit (`/tmp`) they
    /// cannot touch ours; what they put there first is refused by its owner.
    private func prepareDirectory() throws(SocketPathFault) {
        var status = stat()
        if stat(directory, &status) != 0 {
            guard errno == ENOENT else {
                throw refused(
                    "\(shownDirectory) cannot be looked at: \(Self.errorText(errno))",
                    "Run as a user who may enter it, or choose another --socket.")
            }
            guard mkdir(directory, 0o755) == 0 || errno == EEXIST,
                stat(directory, &status) == 0
            else {
                throw refused(
                    "\(shownDirectory) does not exist and cannot be made: \(Self.errorText(errno))",
                    "Make it, or choose another --socket.")
            }
        }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            throw refused(
                "\(SocketPathFault.shown(directory, else: "its directory")) is not a directory",
                "Choose another --socket.")
        }
        guard status.st_mode & S_IWOTH == 0 || status.st_mode & S_ISVTX != 0 else {
            throw refused(
                "\(shownDirectory) is writable by everybody (mode \(Self.octal(status.st_mode)))",
                "Run chmod o-w \(Quotation.shell(directory)), or choose another --socket.")
        }
    }

    /// The lock that is held for as long as the daemon lives.
    private func takeLock() throws(SocketPathFault) -> CInt {
        let lock = open(path + ".lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o600)
        guard lock >= 0 else {
            throw refused(
                "\(shownLock) cannot be opened: \(Self.errorText(errno))",
                errno == ELOOP
                    ? "It is a symbolic link; remove it."
                    : "Run as the owner of the directory, or remove the lock.")
        }
        // Whoever holds it runs, also where it runs as another user: root beside the service, for example.
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            defer { close(lock) }
            throw .alreadyRunning(path: path, pid: holder(of: lock))
        }
        var status = stat()
        guard fstat(lock, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_uid == geteuid() else {
            close(lock)
            throw refused(
                "\(shownLock) is not a plain file of uid \(geteuid())",
                "Remove it and start again.")
        }
        let pid = Array("\(getpid())\n".utf8)
        _ = ftruncate(lock, 0)
        _ = pid.withUnsafeBytes { pwrite(lock, $0.baseAddress, $0.count, 0) }
        return lock
    }

    private func holder(of lock: CInt) -> Int32? {
        for _ in 0..<Self.pidRounds {
            var text = [UInt8](repeating: 0, count: 16)
            let count = text.withUnsafeMutableBytes { pread(lock, $0.baseAddress, $0.count, 0) }
            if count > 1, text[count - 1] == UInt8(ascii: "\n") {
                return Int32(String(decoding: text[..<(count - 1)], as: UTF8.self))
            }
            _ = poll(nil, 0, Self.pidRound)
        }
        return nil
    }

    /// Makes room at the path, if what is there may be removed.
    private func clear() throws(SocketPathFault) {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            guard errno == ENOENT else {
                throw refused("it cannot be looked at: \(Self.errorText(errno))", "Choose another --socket.")
            }
            return
        }
        switch status.st_mode & S_IFMT {
        case S_IFSOCK: break
        case S_IFLNK:
            throw refused(
                "it is a symbolic link", "Remove it, or give --socket the path that it points to.")
        case S_IFDIR: throw refused("it is a directory", "Choose another --socket.")
        default:
            throw refused("it is a file, not a socket", "Remove it, or choose another --socket.")
        }
        guard status.st_uid == geteuid() else {
            throw refused(
                "the socket there belongs to uid \(status.st_uid), vitald runs as uid \(geteuid())",
                "Remove it, or run as its owner.")
        }
        switch probe() {
        case ECONNREFUSED, ENOENT: break  // nobody listens: left behind by a process that died
        case 0: throw .alreadyRunning(path: path, pid: listenerPid)
        // A full backlog (EAGAIN) is a sign of life.
        case EAGAIN: throw .alreadyRunning(path: path, pid: nil)
        case let code:
            throw refused(
                "the socket there cannot be tried: \(Self.errorText(code))", "Remove it and start again.")
        }
        guard unlink(path) == 0 || errno == ENOENT else {
            throw refused(
                "the socket left there cannot be removed: \(Self.errorText(errno))", "Remove it.")
        }
    }

    /// What connecting gives: 0, or the errno.
    private func probe() -> CInt {
        let probe = socket(
            AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard probe >= 0 else { return errno }
        defer { close(probe) }
        return UnixAddress(path).with { connect(probe, $0, $1) } == 0 ? 0 : errno
    }

    /// Who listens there: SO_PEERCRED of a connected socket tells the process that called listen(2).
    private var listenerPid: Int32? {
        let probe = socket(
            AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard probe >= 0 else { return nil }
        defer { close(probe) }
        guard UnixAddress(path).with({ connect(probe, $0, $1) }) == 0 else { return nil }
        return PeerInspection(resolver: nil).credentials(of: probe).flatMap { $0.pid > 0 ? $0.pid : nil }
    }

    /// Binds, and sets mode and group before listening: until then every connect is refused, so there is no
    /// moment in which the wrong ones get in.
    private func bind(holding lock: CInt) throws(SocketPathFault) -> ListeningSocket {
        let descriptor = socket(
            AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else {
            throw refused("no socket can be made: \(Self.errorText(errno))", "Raise LimitNOFILE=.")
        }
        func fail(_ what: String, _ code: CInt) -> SocketPathFault {
            close(descriptor)
            return refused("\(what): \(Self.errorText(code))", "Choose another --socket, or another user.")
        }
        guard UnixAddress(path).with({ Glibc.bind(descriptor, $0, $1) }) == 0 else {
            throw fail("the socket cannot be bound", errno)
        }
        guard chmod(path, mode & 0o777) == 0 else { throw fail("its mode cannot be set", errno) }
        let warnings = applyGroup()
        var status = stat()
        guard lstat(path, &status) == 0, Glibc.listen(descriptor, Self.backlog) == 0 else {
            throw fail("it does not listen", errno)
        }
        return ListeningSocket(
            descriptor: descriptor, path: path, warnings: warnings, lock: lock, device: status.st_dev,
            inode: status.st_ino)
    }

    /// Hands the socket to its group; what does not work is a warning, since root and the own user get in.
    private func applyGroup() -> [String] {
        guard let group else { return [] }
        var record = Glibc.group()
        var found: UnsafeMutablePointer<Glibc.group>?
        var buffer = [CChar](repeating: 0, count: 16_384)
        guard getgrnam_r(group, &record, &buffer, buffer.count, &found) == 0, found != nil else {
            return [
                "\(path): the group of socket.group does not exist; the socket keeps the group of vitald itself."
                    + " Create the group with groupadd --system, or set socket.group."
            ]
        }
        guard chown(path, uid_t.max, record.gr_gid) == 0 else {
            return [
                "\(path): the group cannot be set to that of socket.group: \(Self.errorText(errno)); the socket keeps"
                    + " the group of vitald itself. Run vitald as a member of that group, or set socket.group."
            ]
        }
        return []
    }

    private func refused(_ fact: String, _ remedy: String) -> SocketPathFault {
        .refused(path: path, fact: fact, remedy: remedy)
    }

    private static func octal(_ mode: mode_t) -> String { "0" + String(mode & 0o7777, radix: 8) }

    private static func errorText(_ code: CInt) -> String {
        strerror(code).map { String(cString: $0) } ?? "error \(code)"
    }
}
