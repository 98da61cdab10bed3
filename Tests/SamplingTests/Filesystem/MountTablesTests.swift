// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport
import Testing
import Vitals

@testable import Sampling

@Suite("Mount tables, read again and again")
struct MountTablesTests {
    private let own = "25 1 254:0 / / rw shared:1 - ext4 /dev/vda rw\n"

    @Test(
        "a change that no mount announces is seen at the next reading: the kernel made a file system read-only"
    )
    func changes() throws {
        let bench = try ProbeBench()
        let tables = MountTables(time: bench.time)
        let path = bench.directory + "/proc/self/mountinfo"
        try bench.mounts(own)
        let before = try tables.table(reading: path)
        let again = try tables.table(reading: path)

        try bench.mounts("25 1 254:0 / / rw shared:1 - ext4 /dev/vda ro\n")
        let lost = try tables.table(reading: path)
        try bench.mounts(own)
        let healed = try tables.table(reading: path)

        #expect(before.root?.access == .writable)
        #expect(again.mounts == before.mounts)
        #expect(lost.root?.access == .lost)
        #expect(healed.root?.access == .writable)
    }

    @Test("two processes with different tables are told apart, and one that went is an error")
    func processes() throws {
        let bench = try ProbeBench()
        let tables = MountTables(time: bench.time)
        try bench.mounts(own, first: "25 1 254:0 / / ro shared:1 - ext4 /dev/vda rw\n")

        for _ in 0..<2 {
            #expect(
                try tables.table(reading: bench.directory + "/proc/self/mountinfo").root?.access == .writable)
            #expect(
                try tables.table(reading: bench.directory + "/proc/1/mountinfo").root?.access
                    == .readOnlyMount)
        }
        #expect(throws: SystemError.self) { try tables.table(reading: bench.directory + "/proc/2/mountinfo") }
    }

    @Test(
        "the kernel's own table is read again at once when something is mounted or remounted",
        .enabled(if: getuid() == 0 && Tool.isInstalled("nsenter")))
    func kernel() throws {
        let tables = MountTables(time: HandClock())
        let directory = try Workbench.directory("mounts")
        // Whoever mounts something does so in a view of the machine of its own, which ends with it.
        let other = try Spawned(["unshare", "--mount", "sleep", "600"], directory: directory, ending: "KILL")
        let path = "/proc/\(other.pid)/mountinfo"
        let own = try link("/proc/self/ns/mnt")
        try Workbench.wait(for: "mounts of its own") {
            try link("/proc/\(other.pid)/ns/mnt") != own
        }
        func mount(_ words: String...) throws {
            let (code, output) = try Spawned.run(["nsenter", "-t", "\(other.pid)", "-m", "mount"] + words)
            try #require(code == 0, "\(output)")
        }
        func found() throws -> Mount? {
            try tables.table(reading: path).mounts.first { $0.point == directory }
        }

        let before = try found()
        try mount("-t", "tmpfs", "none", directory)
        let mounted = try found()
        let again = try found()
        try mount("-o", "remount,ro", directory)
        let remounted = try found()

        #expect(before == nil)
        #expect(mounted?.type == "tmpfs")
        #expect(mounted?.access == .writable)
        #expect(again == mounted)
        #expect(remounted?.access == .readOnly)
    }

    private func link(_ path: String) throws -> String {
        try #require(MountPath.readLink(path), "there is no \(path)")
    }
}
