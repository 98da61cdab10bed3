// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing
import Vitals

@testable import Sampling

@Suite struct FilesystemVerdictTests {
    private func judge(
        _ finding: FilesystemFinding, _ keys: String = "", own: String = "rw - ext4 /dev/vda rw",
        first: String? = nil, path: String = "/"
    ) throws -> ProbeResult {
        let (kind, faults) = try reading(FilesystemKind.self, #"{"path":"\#(path)"\#(keys)}"#)
        #expect(faults.isEmpty)
        let mine = MountTable(parsing: Array("25 1 254:0 / / \(own)\n".utf8))
        let host = MountTable(parsing: Array("25 1 254:0 / / \(first ?? own)\n".utf8))
        let place = FilesystemPlace(try #require(MountPath(path, in: mine)), own: mine, first: host)
        return FilesystemVerdict(kind, place).judge(finding)
    }

    private func size(_ available: UInt64, of total: UInt64 = 1000, inodes: (UInt64, UInt64) = (100, 100))
        -> FilesystemFinding
    {
        FilesystemFinding(
            size: .success(
                FilesystemSize(
                    unit: 4096, blocks: total, available: available, files: inodes.1, freeFiles: inodes.0)))
    }

    private func written(_ code: Int32) -> FilesystemFinding {
        var finding = size(900)
        finding.writing = code == 0 ? .worked : .failed(SystemError(code))
        return finding
    }

    @Test(
        "room is judged by what an ordinary user may fill",
        arguments: [
            (1000, Outcome.pass, nil), (100, .pass, nil), (99, .warn, "disk.low"), (30, .warn, "disk.low"),
            (29, .fail, "disk.full"), (0, .fail, "disk.full"),
        ] as [(UInt64, Outcome, String?)])
    func thresholds(available: UInt64, outcome: Outcome, code: String?) throws {
        let result = try judge(size(available))

        #expect(result.outcome == outcome)
        #expect(result.reason?.code == code)
        #expect(result.fact("free_percent") == .number(Double(available) / 10))
        #expect(result.fact("available_bytes") == .integer(Int64(available) * 4096))
    }

    @Test("a threshold of its own wins, and the sentence never contradicts it")
    func ownThreshold() throws {
        let result = try judge(
            size(4999, of: 100_000), #","warnFreePercent":5,"failFreePercent":1"#)

        #expect(result.outcome == .warn)
        #expect(result.message == "only 4.999% free (19.5 MiB of 390.6 MiB), less than 5%: make room at /")
    }

    @Test("inodes count where they are asked for and exist")
    func inodes() throws {
        let keys = #","warnFreeInodesPercent":10,"failFreeInodesPercent":2"#

        #expect(try judge(size(900, inodes: (9, 100)), keys).reason == "inodes.low")
        #expect(try judge(size(900, inodes: (1, 100)), keys).reason == "inodes.full")
        #expect(try judge(size(900, inodes: (1, 100)), keys).outcome == .fail)
        #expect(try judge(size(900, inodes: (1, 100))).outcome == .pass)
        let btrfs = try judge(size(900, inodes: (0, 0)), keys)
        #expect(btrfs.outcome == .pass)
        #expect(btrfs.fact("free_inodes_percent") == nil)
    }

    @Test("a file system without a size has no percentage and no fault")
    func sizeless() throws {
        let result = try judge(size(0, of: 0), own: "rw - proc proc rw")

        #expect(result.outcome == .pass)
        #expect(result.fact("free_percent") == nil)
        #expect(result.message.contains("no size"))
    }

    @Test("negative space from a server is none, sums beyond 64 bits do not trap")
    func extremes() throws {
        #expect(try judge(size(.max - 5)).reason == "disk.full")
        let huge = FilesystemSize(unit: .max, blocks: .max, available: 7, files: 1, freeFiles: 9)
        #expect(huge.total == .max)
        #expect(huge.freeInodesPercent == 100)
        #expect(try judge(FilesystemFinding(size: .success(huge))).outcome == .pass)
    }

    @Test("read-only is what the machine says, not what the sandbox shows")
    func readOnly() throws {
        let bind = "ro - ext4 /dev/vda rw"
        let disk = "rw - ext4 /dev/vda rw"

        #expect(try judge(size(900), own: bind, first: disk).outcome == .pass)
        #expect(try judge(size(900), own: bind, first: disk).fact("readonly") == .boolean(false))
        let lost = try judge(size(900), own: bind, first: "rw - ext4 /dev/vda ro")
        #expect(lost.outcome == .fail)
        #expect(lost.reason == "readonly")
        #expect(lost.fact("readonly") == .boolean(true))
        #expect(try judge(size(900), first: "ro - ext4 /dev/vda ro").outcome == .warn)
        #expect(try judge(size(900), first: bind).outcome == .pass)
        #expect(try judge(size(900), #","writable":true"#, first: bind).reason == "readonly")
        #expect(try judge(size(0), own: "ro - squashfs /dev/loop0 ro").outcome == .pass)
    }

    @Test(
        "a trial of writing says why it failed",
        arguments: [
            (0, Outcome.pass, nil), (ENOSPC, .fail, "disk.full"), (EDQUOT, .fail, "quota.exceeded"),
            (EIO, .fail, "io.error"), (EROFS, .unknown, "sandboxed"), (EACCES, .unknown, "access.denied"),
            (EMFILE, .unknown, "inconclusive.descriptors"), (EFBIG, .unknown, "inconclusive.resources"),
        ] as [(Int32, Outcome, String?)])
    func writing(code: Int32, outcome: Outcome, reason: String?) throws {
        let result = try judge(written(code), #","writable":true"#)

        #expect(result.outcome == outcome)
        #expect(result.reason?.code == reason)
        #expect(result.fact("writable") == (code == 0 ? .boolean(true) : nil))
    }

    @Test(
        "without descriptors neither the mounts nor the helper are to blame",
        arguments: [
            (EMFILE, "inconclusive.descriptors", "inconclusive.descriptors"),
            (ENFILE, "inconclusive.descriptors", "inconclusive.descriptors"),
            (ENOMEM, "inconclusive.resources", "inconclusive.resources"),
            (EACCES, "inconclusive.mounts", "inconclusive.helpers"),
        ])
    func shortage(code: Int32, mounts: String, helper: String) {
        let error = SystemError(code)

        #expect(FilesystemProbe.tableless("/proc/self/mountinfo", error).reason == Reason(mounts))
        #expect(FilesystemProbe.helperless("/usr/bin/vitald", error).reason == Reason(helper))
    }

    @Test("a refusal of the sandbox names the remedy, one of the disk is the disk's")
    func sandboxed() throws {
        let keys = #","writable":true"#
        let own = "ro - ext4 /dev/vda rw"

        let result = try judge(
            written(EROFS), keys, own: own, first: "rw - ext4 /dev/vda rw", path: "/var/lib/agno")
        #expect(result.reason == "sandboxed")
        #expect(result.message.contains("ReadWritePaths=/var/lib/agno"))
        #expect(
            try judge(written(EROFS), keys, own: own, first: "rw - ext4 /dev/vda ro").reason == "readonly")
        #expect(try judge(written(EROFS), keys, own: own, first: own).outcome == .fail)
    }

    @Test("an empty tmpfs that ProtectHome= puts before a directory is not measured as if it were the disk")
    func hiddenHome() throws {
        let root = "25 1 254:0 / / rw - ext4 /dev/vda rw\n"
        let own = MountTable(parsing: Array((root + "90 25 0:70 / /home ro - tmpfs tmpfs ro\n").utf8))
        let first = MountTable(parsing: Array(root.utf8))
        let (kind, _) = try reading(FilesystemKind.self, #"{"path":"/home/agno"}"#)

        let path = try #require(MountPath("/home/agno", in: own))
        let result = FilesystemVerdict(kind, FilesystemPlace(path, own: own, first: first)).judge(size(0))

        #expect(result.outcome == .unknown)
        #expect(result.reason == "sandboxed")
        #expect(result.message.contains("ProtectHome=read-only"))
    }

    @Test("in another root than pid 1's, pid 1's mounts mean nothing")
    func otherRoot() throws {
        let own = MountTable(parsing: Array("25 1 0:40 / / rw - overlay overlay rw\n".utf8))
        let first = MountTable(parsing: Array("25 1 254:0 / / rw - ext4 /dev/vda ro\n".utf8))

        let place = FilesystemPlace(try #require(MountPath("/", in: own)), own: own, first: first)

        #expect(place.access == .writable)
    }

    @Test(
        "a path that cannot be measured fails or is unknown by whose fault it is",
        arguments: [
            (ENOENT, Outcome.fail, "path.missing"), (ENOTDIR, .fail, "path.missing"),
            (EACCES, .unknown, "access.denied"), (EIO, .fail, "io.error"), (ESTALE, .fail, "io.error"),
            (ENOTCONN, .fail, "io.error"), (EMFILE, .unknown, "inconclusive.descriptors"),
        ] as [(Int32, Outcome, String)])
    func unreachable(code: Int32, outcome: Outcome, reason: String) throws {
        let result = try judge(FilesystemFinding(size: .failure(SystemError(code))), path: "/srv/x")

        #expect(result.outcome == outcome)
        #expect(result.reason?.code == reason)
        #expect(result.message.contains("/srv/x"))
    }

    @Test("faulty keys are named with place, fact and remedy")
    func configuration() throws {
        let (_, faults) = try reading(
            FilesystemKind.self, #"{"path":"var","warnFreePercent":2,"wrtable":true}"#)

        #expect(
            faults == [
                #"line 1: checks[0].path: "var" is not an absolute path. Begin it with a slash, for example "/var/lib/agno"."#,
                "line 1: checks[0].warnFreePercent: 2% is below `failFreePercent`, 3% (the default). "
                    + "Change one of the two, so that the warning comes before the failure.",
                "line 1: checks[0].wrtable: unknown key. Did you mean `writable`?",
            ])
        #expect(try reading(FilesystemKind.self, "{}").1.count == 1)
        #expect(try reading(FilesystemKind.self, #"{"path":"/"}"#).0.target.description == "/")
    }
}
