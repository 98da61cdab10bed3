// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Sampling

@Suite("Processes that procfs hides")
struct HiddenProcessTests {
    @Test(
        "procfs hides processes unless hidepid is off, by number or by word",
        arguments: [
            ("rw", false), ("rw,hidepid=0", false), ("rw,hidepid=off", false), ("rw,hidepid=2", true),
            ("rw,gid=5,hidepid=invisible", true), ("rw,nohidepid=2", false),
        ])
    func hiddenProcesses(options: String, hides: Bool) {
        let line = "23 25 0:20 / /proc rw,nosuid shared:5 - proc proc \(options)\n"

        let mount = CgroupMount(KernelFixture.parse(line) { MountTable(parsing: $0) }, KernelRoots())

        #expect(mount.hidesProcesses == hides)
    }

    @Test(
        "hidepid hides nothing from members of its group, root's where none is said, nor from who may trace",
        arguments: [
            ("rw,gid=997,hidepid=invisible", "997", "4", 0, false),
            ("rw,gid=4,hidepid=2", "997", "4 27", 0, false),
            ("rw,gid=4,hidepid=noaccess", "997", "", 0, true),
            ("rw,hidepid=invisible", "997", "997", 0, true), ("rw,hidepid=invisible", "0", "", 0, false),
            // `ptraceable` asks for the capability alone.
            ("rw,gid=997,hidepid=ptraceable", "997", "997", 0, true),
            ("rw,gid=997,hidepid=4", "997", "997", 0, true),
            ("rw,gid=997,hidepid=4", "5", "", 1 << 19, false), ("rw,hidepid=2", "5", "", 1 << 19, false),
            // CAP_SYS_ADMIN, which is much but does not open others' processes.
            ("rw,hidepid=2", "5", "", 1 << 21, true),
        ])
    func hiddenFromWhom(options: String, group: String, others: String, capabilities: Int, hides: Bool) {
        let line = "23 25 0:20 / /proc rw,nosuid shared:5 - proc proc \(options)\n"
        let digits = String(capabilities, radix: 16)
        let text = """
            Name:\tvitald
            Uid:\t997\t997\t997\t997
            Gid:\t1\t2\t3\t\(group)
            Groups:\t\(others)\u{20}
            CapPrm:\tffffffffffffffff
            CapEff:\t\(String(repeating: "0", count: 16 - digits.count) + digits)
            """
        let status = KernelFixture.parse(text + "\n") { ProcessStatus(parsing: $0) }

        let mount = CgroupMount(
            KernelFixture.parse(line) { MountTable(parsing: $0) }, KernelRoots(), status: status)

        #expect(mount.hidesProcesses == hides)
    }
}
