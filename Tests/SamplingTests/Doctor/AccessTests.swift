// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing
import Vitals

@testable import Sampling

@Suite("Sockets, files and secrets, for the doctor")
struct AccessTests {
    private let bench: ProbeBench

    init() throws {
        bench = try ProbeBench()
        try bench.mounts(ProbeBench.usualMounts)
        try bench.files("etc/passwd", text: "root:x:0:0:root:/root:/bin/sh\nvitald:x:997:997::/:/bin/false\n")
        try bench.files("etc/group", text: "root:x:0:\nvitald:x:997:\n")
    }

    private func look(
        sockets: [String] = [], configuration: String? = nil, closed: Set<String> = [],
        user: UInt32 = geteuid()
    ) -> Diagnosis {
        var house = House.bare
        house.sockets = { sockets }
        house.configuration = configuration
        house.user = user
        return Subject.access.look(bench.surroundings(house: house, closed: closed))
    }

    private func socket(_ mode: mode_t) throws -> String {
        let path = bench.directory + "/v.sock"
        unlink(path)
        // A socket in the file system, without anybody behind it.
        try #require(mknod(path, S_IFSOCK | 0o600, 0) == 0)
        try #require(chmod(path, mode) == 0)
        return path
    }

    private func configuration(_ mode: mode_t) throws -> String {
        try bench.files("config.json", text: "{}")
        let path = bench.directory + "/root/config.json"
        try #require(chmod(path, mode) == 0)
        return path
    }

    @Test("access: owner, group and mode by name; a socket that everybody may use says so")
    func owners() throws {
        let file = try configuration(0o640)
        let me = bench.surroundings().name(of: geteuid(), in: "/etc/passwd")
        let group = bench.surroundings().name(of: getegid(), in: "/etc/group")

        let shut = look(sockets: [try socket(0o660)], configuration: file)
        let open = look(sockets: [try socket(0o666)])

        let path = bench.directory + "/v.sock"
        #expect(
            shut == Diagnosis("access", .ok, "\(path) is \(me):\(group) 0660; \(file) is \(me):\(group) 0640")
        )
        #expect(open.state == .ok && open.fact.hasSuffix("0666, so everybody may connect"))
        #expect(look().fact == "there is neither a Unix socket nor a file of configuration")
    }

    @Test("access: names come from the machine's files, and strangers stay numbers")
    func names() {
        let surroundings = bench.surroundings()

        #expect(surroundings.name(of: 997, in: "/etc/passwd") == "vitald")
        #expect(surroundings.name(of: 0, in: "/etc/group") == "root")
        #expect(surroundings.name(of: 99, in: "/etc/group") == "99")
    }

    @Test("access: a socket that somebody removed is missing")
    func removed() throws {
        let path = try socket(0o660)
        unlink(path)

        let finding = look(sockets: [path])

        #expect(finding.state == .missing)
        #expect(finding.fact == "\(path) is not there any more, so nobody can connect to it")
        try bench.files("v.sock")
        let plain = look(sockets: [bench.directory + "/root/v.sock"])
        #expect(plain.state == .missing, "a file is no socket")
        let shut = bench.directory + "/root/gone.sock"
        #expect(
            look(sockets: [shut], closed: ["/gone.sock"])
                == Diagnosis("access", .ok, "\(shut) lies in a directory that is closed to vitald"))
    }

    @Test("access: a configuration that others can change or vitald cannot read has its remedy")
    func configurations() throws {
        let open = look(configuration: try configuration(0o666))
        let closed = look(configuration: try configuration(0o600), closed: ["/config.json"])

        #expect(
            open.state == .limited && open.fact.hasSuffix("0666, so everybody can change what vitald does"))
        #expect(open.remedy == "Close it: chmod o-w \(bench.directory)/root/config.json.")
        #expect(
            closed.remedy == "Let it in: chgrp vitald \(bench.directory)/root/config.json and chmod 0640 "
                + "\(bench.directory)/root/config.json.")
        #expect(
            closed.state == .limited
                && closed.fact.hasSuffix("0600 and closed to vitald, so the next start or reload fails"))
    }

    @Test("access: a path is quoted for the shell where it needs that")
    func quoted() throws {
        try bench.files("my config.json", text: "{}")
        let path = bench.directory + "/root/my config.json"
        try #require(chmod(path, 0o666) == 0)

        #expect(look(configuration: path).remedy == "Close it: chmod o-w '\(path)'.")
    }

    @Test(
        "access: a configuration of neither root nor vitald is somebody's who can change it",
        .enabled(if: getuid() == 0, "it gives a file away"))
    func stranger() throws {
        let file = try configuration(0o644)
        try #require(chown(file, 997, 997) == 0)

        let finding = look(configuration: file)

        #expect(finding.state == .limited)
        #expect(finding.fact == "\(file) is vitald:vitald 0644, so its owner can change what vitald does")
        #expect(look(configuration: file, user: 997).state == .ok, "its own is no stranger's")
        try #require(chown(file, 0, 997) == 0)
        #expect(look(configuration: file, user: 997).state == .ok, "nor is root's")
    }

    @Test("access: what lies on a mount that may hang is not looked at")
    func far() throws {
        let file = try configuration(0o666)
        try bench.mounts(ProbeBench.usualMounts + "40 25 0:44 / DIRECTORY/root rw - nfs4 far:/ rw\n")

        #expect(
            look(configuration: file)
                == Diagnosis("access", .ok, "\(file) lies on a mount that may hang, so it is not looked at"))
    }

    @Test(
        "credentials: their names and never what is in them; none, an empty and a closed directory have their words"
    )
    func credentials() throws {
        func look(_ directory: String?) -> Diagnosis {
            var house = House.bare
            house.credentials = directory
            return Subject.credentials.look(bench.surroundings(house: house))
        }
        let directory = bench.directory + "/secrets"
        mkdir(directory, 0o700)
        let empty = look(directory)
        for name in ["token", "database"] { try bench.write("secrets/" + name, "hunter2") }
        let two = look(directory)
        for number in 10..<30 { try bench.write("secrets/s\(number)", "hunter2") }

        #expect(look(nil) == Diagnosis("credentials", .ok, "systemd hands over none (LoadCredential=)"))
        #expect(empty.state == .limited && empty.remedy == "Add LoadCredential=NAME:FILE to the unit.")
        #expect(two == Diagnosis("credentials", .ok, "database, token, in \(directory)"))
        #expect(look(directory).fact.hasSuffix("s17, s18 and 12 more, in \(directory)"))
        let gone = look(directory + "/none")
        #expect(
            gone.state == .limited
                && gone.fact.hasSuffix("No such file or directory, so no passwordCredential works"))
        try bench.mounts(ProbeBench.usualMounts + "40 25 0:44 / DIRECTORY/secrets rw - fuse.sshfs far rw\n")
        #expect(look(directory).state == .unknown)
    }
}
