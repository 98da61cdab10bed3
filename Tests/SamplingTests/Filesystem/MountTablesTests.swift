// SPDX-License-Identifier: Apache-2.0

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
        let tables = MountTables()
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
        let tables = MountTables()
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
}
