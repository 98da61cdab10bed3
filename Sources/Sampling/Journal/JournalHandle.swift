// SPDX-License-Identifier: Apache-2.0

import CSystemd
import Glibc
import Vitals

/// An open set of journal files; used by one thread, as sd-journal(3) demands.
final class JournalHandle {
    /// Decompressed fields are cut here: more of a message is not looked at.
    static let longestField = 4096 + 8

    /// What a step led to.
    enum Step {
        /// The next entry.
        case entry
        /// There is none (yet).
        case end
        /// It cannot be read on: an errno.
        case failed(Int32)
    }

    private let calls: csystemd_journal
    private let journal: OpaquePointer
    /// Whether pages vanished under this set: the thread counts those of all that it has open.
    private var hasLost = false

    /// Why a set could not be opened, an errno.
    struct Failure: Error {
        let code: Int32
    }

    /// Opens these files and no others; one that cannot be read spoils them all.
    init(_ library: JournalLibrary, files: [String]) throws(Failure) {
        calls = library.calls
        var paths: [UnsafePointer<CChar>?] = files.map { UnsafePointer(strdup($0)) } + [nil]
        defer { for path in paths { free(UnsafeMutablePointer(mutating: path)) } }
        let lost = csystemd_lost()
        var opened: OpaquePointer?
        let code = library.calls.open_files?(&opened, &paths, 0) ?? -ENOSYS
        guard code >= 0, let opened else { throw Failure(code: -code) }
        guard csystemd_lost() == lost else {
            calls.close?(opened)
            throw Failure(code: EIO)
        }
        journal = opened
        _ = calls.set_data_threshold?(journal, Self.longestField)
    }

    deinit { calls.close?(journal) }

    /// Stands before the first entry of this time or later.
    func seek(_ time: WallTime) {
        noting { _ = calls.seek_realtime?(journal, UInt64(clamping: time.nanoseconds / 1000)) }
    }

    /// Stands before the entry of this cursor, or where it would be.
    func seek(_ cursor: JournalCursor) {
        noting { _ = calls.seek_cursor?(journal, cursor.text) }
    }

    /// Goes on to the next entry.
    func next() -> Step {
        let code = noting { calls.next?(journal) ?? -ENOSYS }
        // Zeros in the place of what was there mean nothing.
        guard !hasLost else { return .failed(EIO) }
        return code > 0 ? .entry : code == 0 ? .end : .failed(-code)
    }

    /// The place of the present entry; also behind the last one, whose place it then is.
    var cursor: JournalCursor? {
        var text: UnsafeMutablePointer<CChar>?
        guard noting({ calls.get_cursor?(journal, &text) ?? -1 >= 0 }), let text else { return nil }
        defer { free(text) }
        return JournalCursor(String(cString: text))
    }

    /// The same, where it is still the entry of this time: after a failure it may be none.
    func cursor(of time: WallTime?) -> JournalCursor? { time != nil && realtime == time ? cursor : nil }

    /// When journald took the present entry.
    var realtime: WallTime? {
        var microseconds: UInt64 = 0
        guard noting({ calls.get_realtime?(journal, &microseconds) ?? -1 >= 0 }) else { return nil }
        return WallTime(nanoseconds: Int64(clamping: microseconds).multipliedClamping(by: 1000))
    }

    /// The same on the monotonic clock of its boot.
    var monotonic: (time: Instant, boot: csystemd_id)? {
        var microseconds: UInt64 = 0
        var boot = csystemd_id()
        guard noting({ calls.get_monotonic?(journal, &microseconds, &boot) ?? -1 >= 0 }) else { return nil }
        return (Instant(nanoseconds: Int64(clamping: microseconds).multipliedClamping(by: 1000)), boot)
    }

    /// Hands over the fields of the present entry, `NAME=value` each, whose bytes live as long as the call; false
    /// where the entry is damaged.
    func fields(_ take: (UnsafeRawBufferPointer) -> Void) -> Bool {
        noting { calls.restart_data?(journal) }
        while true {
            var data: UnsafeRawPointer?
            var length = 0
            let code = noting { calls.enumerate_data?(journal, &data, &length) ?? -1 }
            guard !hasLost else { return false }
            if code == 0 { return true }
            guard code > 0 else { return false }
            // The bytes lie in the file.
            noting { take(UnsafeRawBufferPointer(start: data, count: length)) }
        }
    }

    /// Reads the set's pages, and remembers whether some were not there.
    private func noting<Result>(_ read: () -> Result) -> Result {
        let lost = csystemd_lost()
        defer { if csystemd_lost() != lost { hasLost = true } }
        return read()
    }
}

extension csystemd_id {
    /// Whether both are the same.
    static func == (a: csystemd_id, b: csystemd_id) -> Bool {
        withUnsafeBytes(of: a.bytes) { a in withUnsafeBytes(of: b.bytes) { b in a.elementsEqual(b) } }
    }
}

extension Int64 {
    /// Saturated at the range, which no true timestamp reaches.
    fileprivate func multipliedClamping(by factor: Int64) -> Int64 {
        let (product, overflow) = multipliedReportingOverflow(by: factor)
        return overflow ? .max : product
    }
}
