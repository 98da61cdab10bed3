// SPDX-License-Identifier: Apache-2.0

import Glibc
import Outbound
import Testing
import Vitals

@testable import Sampling

@Suite("Names, for the doctor")
struct NameSubjectTests {
    @Test(
        "names: what vitald may read by its effective rights is open, whoever started it",
        .enabled(if: getuid() == 0, "it changes users"))
    func effectiveRights() throws {
        let bench = try ProbeBench()
        try bench.mounts("25 1 254:0 / / rw - ext4 /dev/vda rw\n")
        try bench.files("var/lib/docker/containers/one")
        try #require(chmod(bench.directory + "/root/var/lib/docker/containers", 0o700) == 0)
        // The real user is nobody now, the effective one still root.
        try #require(setreuid(65_534, 0) == 0)
        let found = Subject.names.look(bench.surroundings())
        try #require(setreuid(0, 0) == 0)

        #expect(found.state == .ok)
        #expect(found.fact.firstRange(of: "Docker") != nil, "\(found)")
    }

    @Test("resolver: the servers of resolv.conf are named, and their absence is told")
    func resolver() throws {
        let bench = try ProbeBench()
        try bench.mounts(ProbeBench.usualMounts)
        let before = Subject.resolver.look(bench.surroundings())
        try bench.files("etc/resolv.conf")
        try bench.write(
            "root/etc/resolv.conf", "# nameserver 9.9.9.9\nnameserver 127.0.0.53\nsearch example.com\n")
        let after = Subject.resolver.look(bench.surroundings())

        #expect(before.state == .limited)
        #expect(after.state == .ok && after.fact.hasPrefix("asks 127.0.0.53 (hosts: files dns)"))
    }

    @Test("names: open, closed and absent runtimes are told apart")
    func runtimes() throws {
        let bench = try ProbeBench()
        try bench.mounts(ProbeBench.usualMounts)
        let none = Subject.names.look(bench.surroundings())
        try bench.files("var/lib/docker/containers/one", "var/lib/containers/storage/two")
        let open = Subject.names.look(bench.surroundings())
        let closed = Subject.names.look(bench.surroundings(closed: ["/var/lib/containers/storage"]))

        #expect(none == Diagnosis("names", .ok, "no container runtime has files here"))
        #expect(open == Diagnosis("names", .ok, "those that Docker, podman gave are read"))
        #expect(closed.state == .limited && closed.fact.hasPrefix("the files of podman are closed to vitald"))
        #expect(closed.remedy?.hasPrefix("Where names are wanted, give it CAP_DAC_READ_SEARCH") == true)
    }

    @Test("names: what lies on a mount that may hang is not looked at")
    func farRuntimes() throws {
        let bench = try ProbeBench()
        try bench.files("var/lib/docker/containers/one")
        try bench.mounts(
            ProbeBench.usualMounts + "40 25 0:44 / DIRECTORY/root/var/lib/docker rw - nfs4 far:/ rw\n")

        #expect(Subject.names.look(bench.surroundings()).fact == "no container runtime has files here")
    }

    @Test(
        "resolver: the line hosts: of nsswitch.conf decides who is asked",
        arguments: [
            (
                "hosts: files dns\n", Diagnosis.State.ok,
                "asks 9.9.9.9 (hosts: files dns); localhost has its address"
            ),
            (
                "# hosts: files\n hosts:\tfiles mdns4_minimal [NOTFOUND=return] dns # last\n", .ok,
                "asks 9.9.9.9 (hosts: files mdns4_minimal [NOTFOUND=return] dns); localhost has its address"
            ),
            (
                "passwd: files\nhosts: files myhostname\n", .limited,
                "/etc/nsswitch.conf has \"hosts: files myhostname\", so no name server is asked"
            ),
            ("passwd: files\n", .ok, "asks 9.9.9.9 (hosts: files dns); localhost has its address"),
        ])
    func nameServiceSwitch(_ text: String, _ state: Diagnosis.State, _ fact: String) throws {
        let bench = try ProbeBench()
        try bench.mounts(ProbeBench.usualMounts)
        try bench.files("etc/resolv.conf", text: "nameserver 9.9.9.9\n")
        try bench.files("etc/nsswitch.conf", text: text)

        let finding = Subject.resolver.look(bench.surroundings())

        #expect(finding.state == state && finding.fact == fact, "\(finding)")
    }

    @Test("resolver: where something else than DNS answers, resolv.conf may be empty")
    func otherResolver() throws {
        let bench = try ProbeBench()
        try bench.mounts(ProbeBench.usualMounts)
        try bench.files("etc/nsswitch.conf", text: "hosts: files resolve\n")

        let finding = Subject.resolver.look(bench.surroundings())

        #expect(finding.state == .ok)
        #expect(
            finding.fact
                == "asks no server of /etc/resolv.conf (hosts: files resolve); localhost has its address")
    }
}
