// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

/// A cgroup as Docker makes it, below one named for the test, in this machine's cgroup2 mount; both are removed.
final class TestCgroup: Sendable {
    /// The directory for one test's cgroups.
    final class Parent: Sendable {
        let name: String
        let path: String

        init() throws {
            let mount = try #require(TestCgroup.mount)
            name = "vitald-test-\(getpid())-\(UInt32.random(in: 0 ... .max))"
            path = "\(mount)/\(name)"
            try #require(mkdir(path, 0o755) == 0, "cannot make \(path)")
        }

        deinit { rmdir(path) }
    }

    /// Where cgroup2 is mounted, as /proc/self/mounts tells it.
    static let mount: String? = {
        let mounts = TestDirectory.read("/proc/self/mounts") ?? ""
        for line in mounts.split(separator: "\n") {
            let fields = line.split(separator: " ")
            if fields.count > 2, fields[2] == "cgroup2" { return String(fields[1]) }
        }
        return nil
    }()

    /// Whether this user may make cgroups here.
    static let isPossible: Bool = (try? Parent()) != nil

    /// Its 64 digits.
    let name: String
    /// Its path from the mount on, which is its `id`.
    let id: String
    private let path: String
    private let parent: Parent

    init(in parent: Parent? = nil) throws {
        let parent = try parent ?? Parent()
        self.parent = parent
        name = (0..<64).map { _ in String(Int.random(in: 0..<16), radix: 16) }.joined()
        id = "/\(parent.name)/docker-\(name).scope"
        path = "\(parent.path)/docker-\(name).scope"
        try #require(mkdir(path, 0o755) == 0, "cannot make \(path)")
    }

    deinit { rmdir(path) }

    /// Starts a program in it.
    func start(_ words: [String]) throws -> Program {
        try Program(["sh", "-c", "echo $$ >\(path)/cgroup.procs && exec \"$@\"", "sh"] + words)
    }

    func remove() throws { try #require(rmdir(path) == 0, "cannot remove \(path): errno \(errno)") }
}
