// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport
import Testing
import Vitals

@testable import Sampling

@Suite("Figures that are read where they are asked for")
struct DetailTests {
    private static let id = String(repeating: "ab", count: 32)

    /// A process with these open files.
    private static func process(_ tree: PlainTree, _ pid: Int, _ targets: [String]) {
        for (number, target) in targets.enumerated() { tree.link("proc/\(pid)/fd/\(number)", to: target) }
    }

    private static func page(_ tree: PlainTree, _ details: Set<KernelOptions.Detail>, files: String? = nil)
        -> [String]
    {
        var roots = tree.roots
        roots.files = files
        return KernelFixture.page(KernelFixture.sampler(roots, KernelOptions(host: false, details: details)))
    }

    @Test(
        "open files and sockets of the whole subtree are counted, each process once, and only when asked for")
    func descriptors() throws {
        let tree = try PlainTree()
        tree.container("agent.service", usage: 1, more: ["cgroup.procs": "11\n12\n13\n"])
        tree.container("agent.service/docker-\(Self.id).scope", usage: 1, more: ["cgroup.procs": "14\n"])
        Self.process(tree, 11, ["/dev/null", "socket:[7]", "anon_inode:[eventpoll]"])
        Self.process(tree, 12, ["socket:[8]", "socket:[9]"])
        // 13 has ended since it was listed.
        Self.process(tree, 14, ["pipe:[1]", "socket:[7]", "sock", "/srv/socket:[x]"])

        let page = Self.page(tree, [.fileDescriptors, .sockets])

        let outer = #"id="/agent.service",name="",image=""}"#
        #expect(page.contains("container_file_descriptors{\(outer) 9"))
        #expect(page.contains("container_sockets{\(outer) 4"))
        #expect(page.contains { $0.hasPrefix("container_file_descriptors{") && $0.hasSuffix(" 4") })
        #expect(page.contains { $0.hasPrefix("container_sockets{") && $0.hasSuffix(" 1") })
        #expect(page.contains(#"vitald_collector_success{collector="descriptors"} 1"#))
        #expect(!Self.page(tree, [.sockets]).contains { $0.hasPrefix("container_file_descriptors") })
        #expect(!Self.page(tree, [.fileDescriptors]).contains { $0.hasPrefix("container_sockets") })
        let plain = Self.page(tree, [])
        #expect(!plain.contains { $0.hasPrefix("container_file_") || $0.hasPrefix("container_sockets") })
        #expect(!plain.contains { $0.contains(#"collector="descriptors""#) })
    }

    @Test("a container with a process that nobody can look at has no figure, and it is said why")
    func denied() throws {
        let tree = try PlainTree()
        tree.container("a.service", usage: 1, more: ["cgroup.procs": "11\n12\n"])
        tree.container("b.service", usage: 1, more: ["cgroup.procs": "0\n"])
        tree.container("c.service", usage: 1, more: ["cgroup.procs": "11\n"])
        Self.process(tree, 11, ["socket:[7]"])
        // Root is denied nothing, so 12 is hidden from whoever runs this.
        tree.write("proc/self/mountinfo", "23 25 0:20 / /proc rw shared:5 - proc proc rw,hidepid=2\n")
        let sampler = KernelFixture.sampler(
            tree.roots, KernelOptions(host: false, details: [.fileDescriptors, .sockets]))

        let page = KernelFixture.page(sampler)

        #expect(
            page.filter { $0.hasPrefix("container_sockets") } == [
                #"container_sockets{id="/c.service",name="",image=""} 1"#
            ])
        #expect(page.filter { $0.hasPrefix("container_file_descriptors") }.count == 1)
        #expect(page.contains(#"vitald_collector_success{collector="descriptors"} 0"#))
        let gap = try #require(sampler.missing.first { $0.topic == .capabilities })
        #expect(
            gap.fact
                == "vitald may not look at the open files of other users' processes, so container_file_descriptors, "
                + "container_sockets are missing where there are such")
        #expect(
            gap.takes == .deepView
                && gap.remedy.hasSuffix("or switch off containers.fileDescriptors, containers.sockets."))
        sampler.replace(KernelOptions(host: false))
        _ = KernelFixture.page(sampler)
        #expect(!sampler.missing.contains { $0.topic == .capabilities })
    }

    @Test(
        "a real process is counted like its own directory lists it, by one look at it where the kernel tells",
        .enabled(if: ChurnTests.mount != nil, "no cgroup2 mount in which children may be made (needs root)"))
    func realProcess() async throws {
        let mount = try #require(ChurnTests.mount)
        let top = mount + "/vitald-test-\(getpid())-census"
        let unit = top + "/job.service"
        try #require(mkdir(top, 0o755) == 0 && mkdir(unit, 0o755) == 0)
        defer {
            rmdir(unit)
            rmdir(top)
        }
        var pair: [Int32] = [-1, -1]
        try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &pair) == 0)
        // It joins the cgroup, then waits for the end of its standard input, which is a socket.
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, pair[1], 0)
        posix_spawn_file_actions_addclose(&actions, pair[0])
        let command = ["sh", "-c", "echo $$ > \(unit)/cgroup.procs; exec cat 3</dev/null"]
        let words: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var pid = pid_t()
        try #require(posix_spawn(&pid, "/bin/sh", &actions, nil, words, environ) == 0)
        close(pair[1])
        defer {
            close(pair[0])
            var status: Int32 = 0
            waitpid(pid, &status, 0)
        }
        let name = "/proc/\(pid)/comm"
        while KernelFixture.text(name) != "cat\n" { sched_yield() }
        var listed = ProcessDescriptors.Look.failed
        let reader = KernelReader(budget: 0)
        let proc = "/proc".withCString { reader.open($0, in: AT_FDCWD, O_DIRECTORY) }
        // Libraries are opened and closed while it starts.
        repeat {
            listed = ProcessDescriptors.list("\(pid)/fd", in: proc, reader)
        } while listed != ProcessDescriptors.list("\(pid)/fd", in: proc, reader)
        close(proc)
        guard case .counted(let expected) = listed else {
            Issue.record("\(listed)")
            return
        }

        let page = KernelFixture.page(
            KernelFixture.sampler(
                KernelRoots(proc: "/proc", sys: "/sys", cgroup: top),
                KernelOptions(host: false, details: [.fileDescriptors, .sockets])))

        #expect(expected.sockets >= 1)
        let labels = #"{id="/job.service",name="",image=""}"#
        #expect(page.contains("container_file_descriptors\(labels) \(expected.files)"))
        #expect(page.contains("container_sockets\(labels) \(expected.sockets)"))
    }

    /// Counts the open files of a tree of plain files.
    private static func census(
        _ tree: PlainTree, hidesProcesses: Bool = false, _ reader: KernelReader = KernelReader(budget: 0),
        proc: String? = nil, before: () -> Void = {}
    ) throws -> (files: Int64?, sockets: Int64?, denied: Set<KernelOptions.Detail>) {
        let cgroups = CgroupTree(tree.path + "/cgroup", reader)
        cgroups.scan(now: 0)
        let node = try #require(cgroups.root?.children.first)
        before()
        var census = DescriptorCensus(
            KernelRoots(proc: proc ?? tree.roots.proc), cgroups, reader, [.fileDescriptors, .sockets],
            hidesProcesses: hidesProcesses, now: 1)
        defer { census.close() }
        let count = census.count(node)
        return (count.files, count.sockets, census.denied)
    }

    @Test("what has been forked or has vanished since the scan does not take the figure away")
    func changes() throws {
        let tree = try PlainTree()
        tree.container("a.service", usage: 1, more: ["cgroup.procs": "11\n"])
        tree.container("a.service/job", usage: 1, more: ["cgroup.procs": "13\n"])
        for pid in 11...13 { Self.process(tree, pid, ["/dev/null", "socket:[\(pid)]"]) }

        let forked = try Self.census(tree) { tree.write("cgroup/a.service/cgroup.procs", "11\n12\n") }
        #expect(forked.files == 6 && forked.sockets == 3)
        let vanished = try Self.census(tree) { tree.remove("cgroup/a.service/job") }
        #expect(vanished.files == 4 && vanished.sockets == 2)
        let outside = try Self.census(tree) { tree.write("cgroup/a.service/cgroup.procs", "11\n0\n") }
        #expect(outside.files == nil && outside.sockets == nil)
    }

    @Test("where procfs hides processes one that is not there counts as denied, not as none")
    func hidden() throws {
        let tree = try PlainTree()
        tree.container("a.service", usage: 1, more: ["cgroup.procs": "11\n12\n"])
        Self.process(tree, 11, ["socket:[7]"])

        let seen = try Self.census(tree)
        #expect(seen.files == 1 && seen.sockets == 1 && seen.denied.isEmpty)
        let hidden = try Self.census(tree, hidesProcesses: true)
        #expect(
            hidden.files == nil && hidden.sockets == nil && hidden.denied == [.fileDescriptors, .sockets])
        tree.write(
            "proc/self/mountinfo", "23 25 0:20 / /proc rw,nosuid shared:5 - proc proc rw,hidepid=invisible\n")
        #expect(
            !Self.page(tree, [.fileDescriptors, .sockets]).contains {
                $0.hasPrefix("container_sockets") || $0.hasPrefix("container_file_descriptors")
            })
    }

    @Test("in the kernel's own procfs one that is not there has ended, or is hidden with all its figures")
    func hiddenByTheKernel() throws {
        let tree = try PlainTree()
        // The highest number there can be (PID_MAX_LIMIT), which no machine has got to.
        tree.container("a.service", usage: 1, more: ["cgroup.procs": "4194303\n"])

        let ended = try Self.census(tree, proc: "/proc")
        let hidden = try Self.census(tree, hidesProcesses: true, proc: "/proc")

        #expect(ended.files == 0 && ended.sockets == 0 && ended.denied.isEmpty)
        #expect(hidden.files == nil && hidden.sockets == nil)
        #expect(hidden.denied == [.fileDescriptors, .sockets])
    }

    @Test("a look that fails for another reason gives no figure and is no denial")
    func failing() throws {
        let tree = try PlainTree()
        tree.container("a.service", usage: 1, more: ["cgroup.procs": "11\n12\n"])
        Self.process(tree, 11, ["socket:[7]"])
        // ELOOP stands for EMFILE and the like.
        tree.link("proc/12/fd", to: "fd")

        let count = try Self.census(tree)

        #expect(count.files == nil && count.sockets == nil && count.denied.isEmpty)
        let sampler = KernelFixture.sampler(tree.roots, KernelOptions(host: false, details: [.sockets]))
        #expect(KernelFixture.page(sampler).contains(#"vitald_collector_success{collector="descriptors"} 0"#))
        #expect(!sampler.missing.contains { $0.topic == .capabilities })
    }

    /// A container whose process sees this as its root.
    private static func container(_ tree: PlainTree, root line: String) {
        let scope = "docker-\(id).scope"
        tree.container(scope, usage: 1, more: ["cgroup.procs": "11\n"])
        tree.write("proc/11/stat", "11 (x) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 5 0 0 0\n")
        tree.write("proc/11/root/etc/hostname", "x\n")
        tree.write("proc/11/mountinfo", line + "\n70 60 0:5 / /proc rw - proc proc rw\n")
        tree.write(
            "proc/self/mountinfo",
            "20 1 254:1 / / rw - ext4 /dev/vda1 rw\n30 20 254:2 / /var/lib/docker rw - xfs /dev/vdb rw\n")
    }

    @Test("the root's file system is measured where it is local, with the device that holds the data")
    func local() throws {
        let tree = try PlainTree()
        Self.container(
            tree,
            root:
                "60 50 0:44 / / rw - overlay overlay rw,lowerdir=/l,upperdir=/var/lib/docker/overlay2/a/diff,workdir=/w"
        )
        var status = statvfs()
        try #require(statvfs(tree.path + "/proc/11/root", &status) == 0)

        let page = Self.page(tree, [.filesystem], files: tree.path)

        let labels = #"{id="/docker-\#(Self.id).scope",name="abababababab",image="",device="/dev/vdb"}"#
        #expect(
            page.contains(
                "container_fs_limit_bytes\(labels) \(UInt64(status.f_blocks) * UInt64(status.f_frsize))"))
        #expect(page.filter { $0.hasPrefix("container_fs_usage_bytes\(labels)") }.count == 1)
        let hasInodes = status.f_files > 0
        #expect(page.contains("container_fs_inodes_total\(labels) \(status.f_files)") == hasInodes)
        #expect(page.contains { $0.hasPrefix("container_fs_inodes_free\(labels)") } == hasInodes)
        #expect(page.contains(#"vitald_collector_success{collector="rootfs"} 1"#))
        #expect(!Self.page(tree, [], files: tree.path).contains { $0.hasPrefix("container_fs_limit") })
        // To a captured tree no file system of this machine belongs.
        #expect(!Self.page(tree, [.filesystem]).contains { $0.hasPrefix("container_fs_limit") })
    }

    @Test(
        "a root that a call could hang on is never touched",
        arguments: ["fuse.fuse-overlayfs fuse-overlayfs", "nfs4 server:/export", "9p tag", "virtiofs tag"])
    func remote(_ type: String) throws {
        let tree = try PlainTree()
        Self.container(tree, root: "60 50 0:44 / / rw - \(type) rw")

        #expect(
            !Self.page(tree, [.filesystem], files: tree.path).contains { $0.hasPrefix("container_fs_limit") })
    }

    @Test(
        "an overlay whose upper layer is not local, or not known, is never touched",
        arguments: [
            ("fuse.sshfs", "upperdir=/var/lib/docker/a/diff"),
            ("virtiofs", "upperdir=/var/lib/docker/a/diff"),
            ("overlay", "upperdir=/var/lib/docker/a/diff"), ("xfs", "upperdir=a/diff"),
            ("xfs", "lowerdir=/l"),
            ("xfs", "upperdir=/var/lib/docker/a/diff"),
        ])
    func upper(type: String, option: String) throws {
        let tree = try PlainTree()
        Self.container(tree, root: "60 50 0:44 / / rw - overlay overlay rw,\(option)")
        tree.write(
            "proc/self/mountinfo",
            "20 1 254:1 / / rw - ext4 /dev/vda1 rw\n30 20 0:50 / /var/lib/docker rw - \(type) x rw\n")

        #expect(
            Self.page(tree, [.filesystem], files: tree.path).contains { $0.hasPrefix("container_fs_limit") }
                == (type == "xfs" && option.hasPrefix("upperdir=/")))
    }

    @Test(
        "where the root is closed to us the upper layer's file system stands for it, but never with a quota")
    func substitute() throws {
        func mounts(_ text: String) -> MountTable { KernelFixture.parse(text) { MountTable(parsing: $0) } }
        func found(_ own: String, _ root: String) throws -> String? {
            let root = try #require(mounts(root).mounts.first)
            return RootFilesystem(own: mounts(own), files: "/host").substitute(for: root)?.point
        }
        let overlay = "60 50 0:44 / / rw - overlay overlay rw,upperdir=/var/lib/docker/overlay2/a/diff\n"
        let top = "20 1 254:1 / / rw - ext4 /dev/vda1 rw\n"
        func below(_ rest: String) -> String { top + "30 20 254:2 / /var/lib/docker rw - \(rest)\n" }

        #expect(try found(top, overlay) == "/host/")
        #expect(try found(below("xfs /dev/vdb rw,noquota"), overlay) == "/host/var/lib/docker")
        #expect(try found(below("xfs /dev/vdb rw,prjquota"), overlay) == nil)
        #expect(try found(below("nfs4 server:/docker rw"), overlay) == nil)
        #expect(try found(top, "60 50 0:44 / / rw - overlay overlay rw,upperdir=a/diff\n") == nil)
        #expect(try found(top, "60 50 254:1 / / rw - ext4 /dev/vda1 rw\n") == nil)
    }
}
