// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization
import Testing
import Vitals

@testable import Sampling

/// A directory of real journal files, written by systemd-journal-remote, and a reader that follows it.
final class JournalBench {
    /// What one entry says; fields with an underscore are those that journald itself vouches for.
    struct Entry {
        var unit = "agent.service"
        var priority: Int? = 6
        var message = "all is well"
        var age = Duration.zero
        /// The boot it says to come from; its monotonic time is always that of now.
        var boot = "0123456789abcdef0123456789abcdef"
        var fields: [String: String] = [:]
    }

    static let program = "/lib/systemd/systemd-journal-remote"

    let directory: String
    let tallies = TallyBook()
    let time = JournalTime()
    let reader: JournalReader
    private var written = 0

    var place: JournalPlace { .directory(directory + "/journal") }

    init(
        units: [String] = ["agent.service"], patterns: [JournalPattern] = [], keepErrors: Int = 10,
        library: String = JournalLibrary.usual
    ) throws {
        let missing = "systemd-journal-remote is not installed: apt install systemd-journal-remote"
        try #require(access(Self.program, X_OK) == 0, "\(missing)")
        directory = try Workbench.directory("journal")
        mkdir(directory + "/journal", 0o755)
        reader = JournalReader(
            JournalOptions(
                units: units, patterns: patterns, keepErrors: keepErrors,
                place: .directory(directory + "/journal")),
            time: time, tallies: tallies, library: library)
    }

    deinit {
        reader.stop()
        _ = try? Spawned.run(["rm", "-rf", directory])
    }

    /// Appends entries to a file of the journal or elsewhere, and makes the file where it is not there.
    func write(_ entries: [Entry], to file: String = "system.journal") throws {
        var text = ""
        for entry in entries {
            written += 1
            let realtime = (time.wall - entry.age).nanoseconds / 1000
            text += "__REALTIME_TIMESTAMP=\(realtime)\n__MONOTONIC_TIMESTAMP=\(time.now.nanoseconds / 1000)\n"
            text += "_BOOT_ID=\(entry.boot)\nMESSAGE=\(entry.message)\nSEQ=\(written)\n"
            if !entry.unit.isEmpty { text += "_SYSTEMD_UNIT=\(entry.unit)\n" }
            if let priority = entry.priority { text += "PRIORITY=\(priority)\n" }
            for (name, value) in entry.fields { text += "\(name)=\(value)\n" }
            text += "\n"
        }
        let name = directory + "/export"
        try TextFile.write(text, name)
        let run = try Spawned.run([
            "sh", "-c", "exec \"$0\" -o \"$1\" - < \"$2\"", Self.program,
            file.hasPrefix("/") ? file : "\(directory)/journal/\(file)", name,
        ])
        try #require(run.status == 0, "\(run.output)")
    }

    /// As journald rotates: the file gets another name, and a new one begins with the next entry.
    func rotate(_ number: Int, _ file: String = "system") throws {
        try #require(
            rename("\(directory)/journal/\(file).journal", "\(directory)/journal/\(file)@\(number).journal")
                == 0)
    }

    /// As journald archives what is not there for the reader: this file gets a number, and no other follows.
    static func archive(_ number: Int, in directory: String) {
        rename("\(directory)/system.journal", "\(directory)/system@\(number).journal")
    }

    /// The reader finds no journal while this works in its directory, which is elsewhere then.
    func unseen(_ work: (_ directory: String) throws -> Void) throws {
        let (place, away) = (directory + "/journal", directory + "/away")
        rename(place, away)
        try Workbench.wait(for: "the trouble") { reader.problem != nil }
        try work(away)
        rename(away, place)
    }

    /// Has the reader itself do this in the middle, once it has counted an entry of this priority.
    func meanwhile(_ priority: String, _ work: @escaping @Sendable () -> Void) {
        let isDone = Atomic(false)
        time.whenLooked { [tallies] in
            let count = Self.count(tallies, "agent.service", priority) ?? 0
            if count > 0, !isDone.exchange(true, ordering: .relaxed) { work() }
        }
    }

    /// A counter of the reader.
    func count(_ unit: String, _ priority: String) -> Int64? { Self.count(tallies, unit, priority) }

    private static func count(_ tallies: TallyBook, _ unit: String, _ priority: String) -> Int64? {
        tallies.values(of: JournalFamilies.messages).first {
            $0.labels.map(\.value) == [unit, priority]
        }?.value
    }

    func dropped(_ reason: String) -> Int64 {
        tallies.values(of: JournalFamilies.dropped).first {
            $0.labels.map(\.value) == ["journal", reason]
        }?.value ?? 0
    }

    /// Starts the reader and waits until it has read what is there.
    func start() throws {
        reader.start()
        try Workbench.wait(for: "the reader to catch up") { reader.lag == .zero }
    }

    /// The lines of a unit in `logs`.
    func lines(_ unit: String = "*") -> [LogsQuery.Line] {
        reader.logs(unit: unit, limit: 100).units.flatMap(\.lines)
    }
}
