// SPDX-License-Identifier: Apache-2.0

import Glibc
import Vitals

/// Files of the host that are looked at on the sampler's lane: never one behind a mount on which a call can hang,
/// such as a home directory on NFS.
final class LocalFiles {
    /// Mounts change seldom; their table is read again when it is older than this.
    static let lifetime = Duration.seconds(10)
    /// No file that is read is near this; more is not what it is taken for.
    static let sizeLimit = 4 << 20
    /// No directory that is listed has more entries: a node runs some hundred pods.
    static let entryLimit = 16_384

    /// What tells one state of a file or directory from the next.
    struct Mark: Hashable {
        let modified: Int64
        let size: Int64
        let inode: UInt64
    }

    private let roots: KernelRoots
    private let reader: KernelReader
    private let time: any TimeSource
    private var mounts: MountTable?
    private var read: Instant?

    init(_ roots: KernelRoots, _ reader: KernelReader, _ time: any TimeSource) {
        self.roots = roots
        self.reader = reader
        self.time = time
    }

    /// The JSON of a file; nil where there is none, or not for us.
    func json(_ path: String) -> JSONValue? {
        guard let mark = mark(path), mark.size <= Self.sizeLimit,
            case .bytes(let bytes) = reader.read(path: path)
        else { return nil }
        return try? JSONDocument(parsing: bytes.array(0..<bytes.count)).root
    }

    /// The lines of a file.
    func lines(_ path: String) -> [[UInt8]] {
        guard let mark = mark(path), mark.size <= Self.sizeLimit,
            case .bytes(var bytes) = reader.read(path: path)
        else { return [] }
        var lines: [[UInt8]] = []
        while let (line, _) = bytes.nextLine() { lines.append(bytes.array(line)) }
        return lines
    }

    /// The names in a directory; nil where it cannot be listed.
    func names(in path: String) -> [String]? {
        guard isLocal(path), let stream = opendir(path) else { return nil }
        defer { closedir(stream) }
        let offset = MemoryLayout<dirent>.offset(of: \dirent.d_name) ?? 19
        var names: [String] = []
        while let entry = readdir(stream), names.count < Self.entryLimit {
            let name = (UnsafeRawPointer(entry) + offset).assumingMemoryBound(to: CChar.self)
            if name.pointee != CChar(bitPattern: UInt8(ascii: ".")) { names.append(String(cString: name)) }
        }
        return names
    }

    /// The state of a file or directory; nil where it is not there, or not for us.
    func mark(_ path: String) -> Mark? {
        var status = stat()
        guard isLocal(path), stat(path, &status) == 0 else { return nil }
        return Mark(
            modified: Int64(status.st_mtim.tv_sec) &* 1_000_000_000 &+ Int64(status.st_mtim.tv_nsec),
            size: Int64(status.st_size), inode: UInt64(status.st_ino))
    }

    /// Whether the way to a path leads over local mounts alone. Without a table of mounts (a captured tree) nothing is
    /// known to hang.
    private func isLocal(_ path: String) -> Bool {
        let now = time.now
        if read.map({ now - $0 >= Self.lifetime || now < $0 }) ?? true {
            read = now
            mounts = (try? MountTable.bytes(reading: roots.proc("self/mountinfo"))).map {
                MountTable(parsing: $0)
            }
        }
        guard let mounts, let followed = MountPath(path, in: mounts) else { return true }
        return followed.hazard == nil
    }
}
