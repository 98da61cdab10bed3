// SPDX-License-Identifier: Apache-2.0

import Glibc
import Vitals

/// Which paths lie on local file systems alone; the table of mounts is read again as soon as it has changed.
final class LocalMounts {
    /// A captured table tells nobody of a change: it is read again when it is older than this.
    static let lifetime = Duration.seconds(10)

    private let roots: KernelRoots
    private let reader: KernelReader
    private let time: any TimeSource
    /// Held open, because the kernel tells of a change by it (proc_pid_mountinfo(5)).
    private var watched: Int32 = -1
    private var table = Table.none
    private var read: Instant?

    private enum Table {
        /// A captured tree has none: nothing is known to hang.
        case none
        /// It could not be read: anything may hang.
        case unknown
        case known(MountTable)
    }

    init(_ roots: KernelRoots, _ reader: KernelReader, _ time: any TimeSource) {
        self.roots = roots
        self.reader = reader
        self.time = time
    }

    deinit { if watched >= 0 { close(watched) } }

    /// Whether the way to a path leads over local mounts alone.
    func holds(_ path: String) -> Bool {
        switch current() {
        case .none: true
        case .unknown: false
        case .known(let table): MountPath(path, in: table).map { $0.hazard == nil } ?? true
        }
    }

    /// Whether what has been opened as a mere place lies on a local mount; its file system is not asked for that, so
    /// nobody gains by mounting something over the path in between.
    func holds(descriptor: Int32) -> Bool {
        switch reader.read(path: roots.proc("self/fdinfo/\(descriptor)")) {
        case .bytes(var bytes):
            while let (line, _) = bytes.nextLine() {
                var fields = bytes.fields(line)
                guard let key = fields.next(), bytes.equals(key, "mnt_id:"), let value = fields.next(),
                    let id = bytes.number(value)
                else { continue }
                // The number is not given to another mount while the descriptor holds it.
                guard case .known(let table) = current() else { return false }
                return table.mounts.first { $0.id == id }?.isLocal ?? false
            }
            return false
        // A captured tree knows nothing of this process.
        case .missing: return true
        case .gone, .failed: return false
        }
    }

    private func current() -> Table {
        let now = time.now
        var event = pollfd(fd: watched, events: Int16(POLLPRI), revents: 0)
        let isOld = read.map { now - $0 >= Self.lifetime || now < $0 } ?? true
        guard isOld || poll(&event, 1, 0) != 0 else { return table }
        read = now
        let path = roots.proc("self/mountinfo")
        // First to watch, then to read: what changes in between is told.
        if watched < 0 { watched = path.withCString { max(-1, reader.open($0, in: AT_FDCWD)) } }
        do throws(SystemError) {
            table = .known(MountTable(parsing: try MountFile(path).bytes()))
        } catch {
            table = error.code == ENOENT ? .none : .unknown
        }
        return table
    }
}
