// SPDX-License-Identifier: Apache-2.0

/// The fields of one entry that are looked at (systemd.journal-fields(7)). One record is used again and again.
struct JournalRecord {
    /// PRIORITY
    private(set) var priority = JournalPriority.usual
    /// The beginning of MESSAGE, any bytes.
    private(set) var message: [UInt8] = []
    /// MESSAGE_ID
    private(set) var messageID = ""
    /// SYSLOG_IDENTIFIER, else _COMM.
    var identifier: String { syslogIdentifier.isEmpty ? command : syslogIdentifier }
    /// _PID
    private(set) var pid = ""

    private var syslogIdentifier = ""
    private var command = ""
    private var user = ""
    private var ownUnit = ""
    private var aboutUnit = ""
    private var objectUnit = ""
    private var coredumpUnit = ""

    /// More of a message is not looked at.
    static let longestMessage = 4096
    /// More of any other field is not either.
    static let longestField = 256

    /// The message of systemd-coredump, which speaks for the unit that died.
    private static let coredump = "fc2e22bc6ee647b6b90729ab34a250b1"

    /// The units whose entry this is, as `journalctl -u` has it: that of the process that wrote it, and, where the
    /// writer may be trusted with that, the one it is about: systemd speaks of units that start and fail,
    /// processes of root say of which unit's process they tell. Fields without a leading underscore come from the writer.
    var units: [String] {
        var units = ownUnit.isEmpty ? [] : [ownUnit]
        func add(_ unit: String) { if !unit.isEmpty, !units.contains(unit) { units.append(unit) } }
        if pid == "1" { add(aboutUnit) }
        if user == "0" {
            add(objectUnit)
            if messageID == Self.coredump { add(coredumpUnit) }
        }
        return units
    }

    /// Forgets the last entry, keeps the memory.
    mutating func clear() {
        priority = .usual
        message.removeAll(keepingCapacity: true)
        messageID = ""
        pid = ""
        syslogIdentifier = ""
        command = ""
        user = ""
        ownUnit = ""
        aboutUnit = ""
        objectUnit = ""
        coredumpUnit = ""
    }

    /// Takes one field, `NAME=value`.
    mutating func take(_ field: UnsafeRawBufferPointer) {
        // Most fields are none of these: the length of the name and one byte of it tell.
        guard let mark = field.prefix(20).firstIndex(of: UInt8(ascii: "=")) else { return }
        func isNamed(_ name: StaticString) -> Bool {
            name.withUTF8Buffer { $0.elementsEqual(field[..<mark]) }
        }
        func text() -> String {
            String(decoding: field[(mark + 1)...].prefix(Self.longestField), as: UTF8.self)
        }
        switch mark {
        case 4:
            if isNamed("_PID") { pid = text() }
            if isNamed("_UID") { user = text() }
            if isNamed("UNIT") { aboutUnit = text() }
        case 5 where isNamed("_COMM"): command = text()
        // An entry may have several; the first is what journalctl shows, and a thousand of them stay small.
        case 7 where message.isEmpty && isNamed("MESSAGE"):
            message.append(contentsOf: field[(mark + 1)...].prefix(Self.longestMessage))
        case 8 where isNamed("PRIORITY"):
            priority = JournalPriority(digit: field.count == mark + 2 ? field[mark + 1] : nil)
        case 10 where isNamed("MESSAGE_ID"): messageID = text()
        case 13:
            if isNamed("_SYSTEMD_UNIT") { ownUnit = text() }
            if isNamed("COREDUMP_UNIT") { coredumpUnit = text() }
        case 17 where isNamed("SYSLOG_IDENTIFIER"): syslogIdentifier = text()
        case 19 where isNamed("OBJECT_SYSTEMD_UNIT"): objectUnit = text()
        default: break
        }
    }
}
