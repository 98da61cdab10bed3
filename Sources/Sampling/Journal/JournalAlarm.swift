// SPDX-License-Identifier: Apache-2.0

import Glibc
import Vitals

/// Wakes the reader: when a journal file grew, when files came or went, when somebody calls, when time is up.
final class JournalAlarm {
    /// What woke it.
    struct Event {
        /// Something was appended.
        var grew = false
        /// Files came, went or changed their names or permissions.
        var moved = false
        /// Somebody called.
        var rang = false
    }

    private let bell: JournalBell
    /// inotify(7); -1 where the system has no more of them at the moment, and only time wakes.
    private var watcher = inotify_init1(Int32(IN_NONBLOCK | IN_CLOEXEC))
    private var watched: [String: Int32] = [:]

    /// journald writes by mmap(2), which inotify does not see; so it truncates a file to its own length behind a
    /// batch of entries, at most four times a second.
    private static let interests =
        UInt32(IN_MODIFY | IN_CREATE | IN_DELETE | IN_ATTRIB | IN_MOVED_FROM | IN_MOVED_TO)
        | UInt32(IN_DELETE_SELF) | UInt32(IN_MOVE_SELF)
    /// Where a directory is missing, its parent says when it comes.
    private static let arrivals = UInt32(IN_CREATE | IN_MOVED_TO | IN_ATTRIB)

    /// Makes an alarm that this bell rings too.
    init(_ bell: JournalBell) { self.bell = bell }

    deinit { if watcher >= 0 { close(watcher) } }

    /// Watches these directories and no others, and for the coming of those that are missing.
    func watch(_ directories: [String], missing: [String]) {
        if watcher < 0 { watcher = inotify_init1(Int32(IN_NONBLOCK | IN_CLOEXEC)) }
        guard watcher >= 0 else { return }
        var wanted: [String: UInt32] = [:]
        for directory in missing {
            guard let slash = directory.lastIndex(of: "/"), slash > directory.startIndex else { continue }
            wanted[String(directory[..<slash])] = Self.arrivals
        }
        for directory in directories { wanted[directory] = Self.interests }
        for (path, watch) in watched where wanted[path] == nil {
            inotify_rm_watch(watcher, watch)
            watched[path] = nil
        }
        for (path, mask) in wanted {
            // Again for those that are watched: it may be another directory of the same name by now.
            let watch = inotify_add_watch(watcher, path, mask)
            watched[path] = watch >= 0 ? watch : nil
        }
    }

    /// Waits for one of them, at most so long.
    func wait(_ patience: Duration) -> Event {
        var entries = [
            pollfd(fd: bell.listening, events: Int16(POLLIN), revents: 0),
            pollfd(fd: watcher, events: Int16(POLLIN), revents: 0),
        ]
        let milliseconds = Int32(clamping: (patience.nanoseconds + 999_999) / 1_000_000)
        guard poll(&entries, 2, milliseconds) > 0 else { return Event() }
        var event = entries[1].revents == 0 ? Event() : events()
        if entries[0].revents != 0 {
            bell.silence()
            event.rang = true
        }
        return event
    }

    /// What has happened since; takes all of it.
    private func events() -> Event {
        var event = Event()
        guard watcher >= 0 else { return event }
        withUnsafeTemporaryAllocation(byteCount: 4096, alignment: MemoryLayout<inotify_event>.alignment) {
            buffer in
            while true {
                let count = read(watcher, buffer.baseAddress, buffer.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return }
                var offset = 0
                while offset + MemoryLayout<inotify_event>.size <= count {
                    let head = buffer.loadUnaligned(fromByteOffset: offset, as: inotify_event.self)
                    if head.mask & UInt32(IN_MODIFY) != 0 { event.grew = true }
                    // What overflowed may have been anything.
                    if head.mask & ~UInt32(IN_MODIFY) != 0 { event.moved = true }
                    offset += MemoryLayout<inotify_event>.size + Int(head.len)
                }
            }
        }
        return event
    }
}
