// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
import Vitals

/// Files of the host that are looked at on the sampler's lane: never one behind a mount on which a call can hang,
/// such as a home directory on NFS, and never one that a user has put in the way of another.
///
/// What lies below a home is reached through no symbolic link and over no mount, and belongs to that user. The
/// system's own links are followed where root made them, and what they lead to belongs to root. A file is looked at
/// before it is opened: to open a device can do something.
final class LocalFiles {
    /// No directory that is listed has more entries: a node runs some hundred pods.
    static let entryLimit = 16_384

    /// What tells one state of a file or directory from the next.
    struct Mark: Hashable {
        let modified: Int64
        let size: Int64
        let inode: UInt64
    }

    private let mounts: LocalMounts

    init(_ roots: KernelRoots, _ reader: KernelReader, _ time: any TimeSource) {
        mounts = LocalMounts(roots, reader, time)
    }

    /// The JSON of a file; nil where there is none, or not for us.
    func json(_ path: LocalPath) -> JSONValue? {
        bytes(path).flatMap { try? JSONDocument(parsing: $0).root }
    }

    /// The lines of a file.
    func lines(_ path: LocalPath) -> [ArraySlice<UInt8>] {
        bytes(path)?.split(separator: UInt8(ascii: "\n")) ?? []
    }

    /// What is in a file; nil where there is none, or not for us.
    func bytes(_ path: LocalPath) -> [UInt8]? {
        looking(at: path) { place, status in
            guard status.st_mode & S_IFMT == S_IFREG else { return nil }
            let file = Self.reopen(place, 0)
            guard file >= 0 else { return nil }
            defer { close(file) }
            var bytes = [UInt8](repeating: 0, count: min(Int(status.st_size), path.sizeLimit) + 1)
            var count = 0
            while count < bytes.count {
                let free = bytes.count - count
                let n = bytes.withUnsafeMutableBytes {
                    Glibc.read(file, $0.baseAddress.map { $0 + count }, free)
                }
                if n < 0, errno == EINTR { continue }
                guard n >= 0 else { return nil }
                if n == 0 { break }
                count += n
            }
            // It has grown since it was looked at.
            guard count < bytes.count else { return nil }
            bytes.removeLast(bytes.count - count)
            return bytes
        }
    }

    /// The names in a directory; nil where it cannot be listed.
    func names(in path: LocalPath) -> [String]? {
        looking(at: path) { place, _ in
            let directory = Self.reopen(place, O_DIRECTORY)
            guard directory >= 0 else { return nil }
            guard let stream = fdopendir(directory) else {
                close(directory)
                return nil
            }
            defer { closedir(stream) }
            let offset = MemoryLayout<dirent>.offset(of: \dirent.d_name) ?? 19
            var names: [String] = []
            while let entry = readdir(stream), names.count < Self.entryLimit {
                let name = (UnsafeRawPointer(entry) + offset).assumingMemoryBound(to: CChar.self)
                if name.pointee != CChar(bitPattern: UInt8(ascii: ".")) {
                    names.append(String(cString: name))
                }
            }
            return names
        }
    }

    /// The state of a file or directory; nil where it is not there, or not for us.
    func mark(_ path: LocalPath) -> Mark? {
        looking(at: path) { _, status in
            Mark(
                modified: Int64(status.st_mtim.tv_sec) &* 1_000_000_000 &+ Int64(status.st_mtim.tv_nsec),
                size: Int64(status.st_size), inode: UInt64(status.st_ino))
        }
    }

    /// Why a directory of the system's is closed to us; nil where it is open, or where there is none.
    func denial(at path: LocalPath) -> KernelFault? {
        guard path.home == nil, mounts.holds(path.path) else { return nil }
        errno = 0
        let place = Self.follow(path.path)
        guard place >= 0 else { return Self.denial(errno) }
        defer { close(place) }
        // Nothing is opened by it, so nothing can hang.
        return faccessat(place, ".", R_OK | X_OK, Int32(AT_EACCESS)) == 0 ? nil : Self.denial(errno)
    }

    private static func denial(_ code: Int32) -> KernelFault? {
        code == EACCES || code == EPERM ? KernelFault(code: code) : nil
    }

    /// Looks at a file of ordinary size or a directory that belongs to whom it should; nil for everything else.
    private func looking<Result>(at path: LocalPath, _ body: (Int32, stat) -> Result?) -> Result? {
        guard mounts.holds(path.home?.directory ?? path.path) else { return nil }
        var place = Self.follow(path.home?.directory ?? path.path)
        guard place >= 0 else { return nil }
        defer { close(place) }
        guard mounts.holds(descriptor: place) else { return nil }
        if path.home != nil {
            let below = clinux_open_beneath(place, path.path)
            guard below >= 0 else { return nil }
            close(place)
            place = below
        }
        var status = stat()
        guard fstat(place, &status) == 0 else { return nil }
        switch status.st_mode & S_IFMT {
        case S_IFREG where Int64(status.st_size) <= Int64(path.sizeLimit): break
        case S_IFDIR: break
        default: return nil
        }
        guard path.home.map({ status.st_uid == $0.user }) ?? Self.isTrusted(status) else { return nil }
        return body(place, status)
    }

    /// Opens what has been looked at, whatever its path leads to by now. Without O_NONBLOCK a lease on the file
    /// would let us wait (F_SETLEASE of fcntl(2)).
    private static func reopen(_ place: Int32, _ flags: Int32) -> Int32 {
        open("/proc/self/fd/\(place)", O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | flags)
    }

    /// Opens an absolute path as a mere place, component by component, through those links alone that root made in
    /// directories of root; -1 where that does not lead anywhere.
    private static func follow(_ path: String) -> Int32 {
        var rest = Array(path.split(separator: "/").map(String.init).reversed())
        var directory = clinux_open_place(AT_FDCWD, "/")
        var links = 0
        while directory >= 0, let component = rest.popLast() {
            let next = clinux_open_entry(directory, component)
            guard next >= 0, let target = target(of: next) else {
                close(directory)
                directory = next
                continue
            }
            defer { close(next) }
            links += 1
            guard links <= MountPath.maximumLinks, isTrusted(next), isTrusted(directory) else {
                close(directory)
                return -1
            }
            if target.utf8.first == UInt8(ascii: "/") {
                close(directory)
                directory = clinux_open_place(AT_FDCWD, "/")
            }
            rest += target.split(separator: "/").map(String.init).reversed()
        }
        return directory
    }

    /// What an open symbolic link says; nil for everything else, of which nothing is asked.
    private static func target(of entry: Int32) -> String? {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(PATH_MAX)) { buffer in
            guard let base = buffer.baseAddress else { return nil }
            let count = readlinkat(entry, "", base, buffer.count)
            guard count > 0, count < buffer.count else { return nil }
            return String(decoding: UnsafeRawBufferPointer(start: base, count: count), as: UTF8.self)
        }
    }

    private static func isTrusted(_ descriptor: Int32) -> Bool {
        var status = stat()
        return fstat(descriptor, &status) == 0 && isTrusted(status)
    }

    /// Root's, or our own: by that nobody else gets at anything.
    private static func isTrusted(_ status: stat) -> Bool { status.st_uid == 0 || status.st_uid == geteuid() }
}
