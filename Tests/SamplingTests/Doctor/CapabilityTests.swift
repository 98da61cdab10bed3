// SPDX-License-Identifier: Apache-2.0

import Testing
import Vitals

@testable import Sampling

@Suite("Capabilities, for the doctor")
struct CapabilityTests {
    @Test(
        "capabilities have their names; none is needed, and more than the two of the deep view are told",
        arguments: [
            ("0000000000000000", "none, and none is needed for what is configured"),
            (
                "0000000000080004",
                "CAP_DAC_READ_SEARCH (names of containers, container_sockets), "
                    + "CAP_SYS_PTRACE (container_sockets, container_fs_*, hidepid=)"
            ),
            (
                "000001ffffffffff",
                "CAP_DAC_READ_SEARCH (names of containers, container_sockets), "
                    + "CAP_SYS_PTRACE (container_sockets, container_fs_*, hidepid=), and 39 more, such as CAP_CHOWN, "
                    + "CAP_DAC_OVERRIDE, CAP_FOWNER, that vitald has no use for: as the user vitald it needs none"
            ),
            (
                "0000020000000000",
                "1, capability 41, that vitald has no use for: as the user vitald it needs none"
            ),
        ])
    func capabilities(_ mask: String, _ fact: String) throws {
        let bench = try ProbeBench()
        try bench.write("proc/self/status", "Name:\tvitald\nCapEff:\t\(mask)\n")

        let finding = Subject.capabilities.look(bench.surroundings())

        #expect(finding == Diagnosis("capabilities", .ok, fact))
    }

    @Test(
        "capabilities: where a configured figure is missing, it is said which ones it takes and whether they can be had",
        arguments: [
            ("0", "1ffffffffff", "no sockets: it takes CAP_DAC_READ_SEARCH and CAP_SYS_PTRACE", "Add them."),
            ("80000", "1ffffffffff", "no sockets: it takes CAP_DAC_READ_SEARCH", "Add them."),
            (
                "0", "4",
                "no sockets: it takes CAP_DAC_READ_SEARCH and CAP_SYS_PTRACE, which its bounding set does not allow "
                    + "either", "Add them."
            ),
            (
                "80004", "80004", "no sockets, in spite of CAP_DAC_READ_SEARCH and CAP_SYS_PTRACE",
                "Look into the kernel's log for AppArmor or SELinux, or switch off what asks for it."
            ),
        ])
    func lackingCapabilities(_ effective: String, _ bounding: String, _ fact: String, _ remedy: String) throws
    {
        let bench = try ProbeBench()
        try bench.write("proc/self/status", "CapEff:\t\(effective)\nCapBnd:\t\(bounding)\n")
        let gap = KernelGap(.capabilities, "no sockets", remedy: "Add them.", takes: .deepView)

        let finding = Subject.capabilities.look(bench.surroundings([gap]))

        #expect(finding == Diagnosis("capabilities", .limited, fact, remedy: remedy))
    }

    @Test("capabilities that are no number are unknown", arguments: ["CapEff:\trubbish\n", "", "CapEff:\n"])
    func unreadableCapabilities(_ status: String) throws {
        let bench = try ProbeBench()
        try bench.write("proc/self/status", status)

        #expect(Subject.capabilities.look(bench.surroundings()).state == .unknown)
    }
}
