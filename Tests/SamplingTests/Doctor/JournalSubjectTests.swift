// SPDX-License-Identifier: Apache-2.0

import Testing
import Vitals

@testable import Sampling

@Suite("The journal and the log, for the doctor")
struct JournalSubjectTests {
    private static func machine() throws -> ProbeBench {
        let bench = try ProbeBench()
        try bench.mounts(ProbeBench.usualMounts)
        try bench.files("etc/machine-id", text: "c0ffee\n")
        return bench
    }

    @Test("journal: absent, there without journald, there with it")
    func journal() throws {
        let bench = try Self.machine()
        let absent = Subject.journal.look(bench.surroundings())
        try bench.files("run/log/journal/c0ffee/system.journal")
        let orphaned = Subject.journal.look(bench.surroundings())
        try bench.files("run/systemd/journal/socket")
        let whole = Subject.journal.look(bench.surroundings())

        #expect(absent.state == .limited && absent.fact.hasPrefix("there is no journal of this machine here"))
        #expect(orphaned.state == .limited && orphaned.fact.hasSuffix("journald is not running"))
        #expect(orphaned.remedy == "Start it: systemctl start systemd-journald.")
        #expect(
            whole == Diagnosis("journal", .ok, "/run/log/journal is open to vitald, and journald is running"))
    }

    @Test("journal: files of another machine are none of ours, and those of the disk go first")
    func places() throws {
        let bench = try Self.machine()
        try bench.files("run/systemd/journal/socket", "var/log/journal/decaf/system.journal")
        let foreign = Subject.journal.look(bench.surroundings())
        try bench.files("run/log/journal/c0ffee/system.journal", "var/log/journal/c0ffee/system.journal")
        let both = Subject.journal.look(bench.surroundings())

        #expect(foreign.state == .limited)
        #expect(both.fact.hasPrefix("/var/log/journal is open"))
    }

    @Test("journal: what is closed to vitald names the group; what may hang is not touched")
    func closed() throws {
        let bench = try Self.machine()
        try bench.files("run/systemd/journal/socket", "var/log/journal/c0ffee/system.journal")
        let closed = Subject.journal.look(
            bench.surroundings(closed: ["/var/log/journal/c0ffee/system.journal"]))
        try bench.mounts(
            ProbeBench.usualMounts + "40 25 0:44 / DIRECTORY/root/var/log/journal rw - nfs4 far:/ rw\n")
        let far = Subject.journal.look(bench.surroundings())

        #expect(closed.state == .limited)
        #expect(closed.fact == "/var/log/journal is closed to vitald, so no unit's lines can be counted")
        #expect(
            closed.remedy?.hasPrefix("Put vitald into the group: SupplementaryGroups=systemd-journal") == true
        )
        #expect(far.fact.hasPrefix("there is no journal of this machine here"))
    }

    @Test("log: where the lines go, how many wait for a journald that is away, and how many were dropped")
    func log() throws {
        let bench = try Self.machine()
        let socket = bench.directory + "/root/run/systemd/journal/socket"
        func look(_ standing: LogStanding) -> Diagnosis {
            var house = House.bare
            house.log = { standing }
            return Subject.log.look(bench.surroundings(house: house))
        }
        let away = look(LogStanding(.journal(path: socket), room: 1000))
        try bench.files("run/systemd/journal/socket")

        #expect(
            away.state == .limited && away.fact.hasSuffix("takes no lines: 0 of vitald's own wait, 1000 may"))
        #expect(away.remedy?.hasPrefix("Look at systemctl status systemd-journald") == true)
        #expect(
            look(LogStanding(.journal(path: socket), room: 1000))
                == Diagnosis(
                    "log", .ok,
                    "vitald's own lines go to journald at \(socket); while nobody takes them, up to 1000 wait"
                ))
        #expect(
            look(LogStanding(.text, room: 1000, dropped: 3)).fact.hasSuffix(
                "; 3 were dropped since the start"))
        let stuck = look(LogStanding(.json, waiting: 7, room: 1000, dropped: 2))
        #expect(stuck.state == .limited)
        #expect(
            stuck.fact
                == "standard error takes no lines: 7 of vitald's own wait, 1000 may; 2 were "
                + "dropped since the start")
        #expect(stuck.remedy?.hasPrefix("Let whoever reads it read on") == true)
    }
}
