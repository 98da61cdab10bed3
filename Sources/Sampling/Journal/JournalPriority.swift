// SPDX-License-Identifier: Apache-2.0

/// How urgent an entry is, as syslog(3) has it; the words are those of `journalctl -p`.
package enum JournalPriority: String, CaseIterable, Sendable, Comparable {
    /// 0: the system is unusable.
    case emerg
    /// 1: act at once.
    case alert
    /// 2: critical.
    case crit
    /// 3: an error.
    case err
    /// 4: a warning.
    case warning
    /// 5: normal and significant.
    case notice
    /// 6: information.
    case info
    /// 7: for debugging.
    case debug

    /// What a unit's output has that says nothing of it (SyslogLevel= in systemd.exec(5)).
    static let usual = JournalPriority.info

    /// 0 to 7.
    var level: Int {
        switch self {
        case .emerg: 0
        case .alert: 1
        case .crit: 2
        case .err: 3
        case .warning: 4
        case .notice: 5
        case .info: 6
        case .debug: 7
        }
    }

    /// From the field PRIORITY, one digit.
    init(digit: UInt8?) {
        let level = Int(digit ?? 0) - Int(UInt8(ascii: "0"))
        self = Self.allCases.indices.contains(level) ? Self.allCases[level] : .usual
    }

    /// Whether the left is more urgent.
    package static func < (a: JournalPriority, b: JournalPriority) -> Bool { a.level < b.level }
}
