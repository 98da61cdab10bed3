// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
import TestSupport
import Testing
import Vitals

@testable import Sampling

@Suite("Files of the host that a user may have laid out")
struct LocalFileTests {
    private let tree: PlainTree
    private let disk: LocalFiles
    private let reader = KernelReader(budget: 0)

    init() throws {
        tree = try PlainTree()
        // The real procfs, so that the real mounts count.
        disk = LocalFiles(KernelRoots(), reader, HandClock())
        tree.write("home/agno/names.json", #"{"name":"db"}"#)
    }

    /// Whether this process may mount; told by trying.
    private static let mayMount: Bool = {
        guard let tree = try? PlainTree(), mount("none", tree.path + "/proc", "tmpfs", 0, nil) == 0 else {
            return false
        }
        return umount2(tree.path + "/proc", Int32(MNT_DETACH)) == 0
    }()

    private func home(_ user: UInt32 = geteuid()) -> LocalPath.Home {
        LocalPath.Home(directory: tree.path + "/home/agno", user: user)
    }

    private func mine(_ path: String) -> LocalPath { LocalPath(path, below: home()) }

    private func name(_ path: LocalPath) -> String? { disk.json(path)?["name"]?.string }

    @Test("below a home no symbolic link is followed, and no way leads out of it")
    func links() {
        tree.write("elsewhere/names.json", #"{"name":"stolen"}"#)
        tree.link("home/agno/link.json", to: "names.json")
        tree.link("home/agno/absolute.json", to: tree.path + "/elsewhere/names.json")
        tree.link("home/agno/below", to: "../../elsewhere")
        tree.link("home/agno/here", to: ".")
        tree.link("home/agno/fd", to: "/proc/self/fd")

        #expect(name(mine("names.json")) == "db")
        for path in [
            "link.json", "absolute.json", "below/names.json", "here/names.json",
            "../../elsewhere/names.json", "fd/0",
        ] {
            #expect(disk.mark(mine(path)) == nil, "\(path)")
            #expect(disk.bytes(mine(path)) == nil, "\(path)")
        }
        #expect(disk.bytes(LocalPath(tree.path + "/elsewhere/names.json", below: home())) == nil)
    }

    @Test("a file that is another user's is none, and neither is a pipe or a device")
    func strangers() throws {
        let path = tree.path + "/home/agno/pipe"
        try #require(mkfifo(path, 0o600) == 0)
        #expect(disk.bytes(mine("pipe")) == nil)
        #expect(disk.mark(mine("pipe")) == nil)
        #expect(disk.bytes(LocalPath(path)) == nil)
        #expect(disk.mark(LocalPath("/dev/zero")) == nil)

        #expect(disk.mark(LocalPath("names.json", below: home(geteuid() + 1))) == nil)
        #expect(name(LocalPath("names.json", below: home(geteuid() + 1))) == nil)
    }

    @Test(
        "a file of the system belongs to root, and so do the links that lead to it",
        .enabled(if: geteuid() == 0))
    func system() throws {
        tree.write("etc/names.json", #"{"name":"web"}"#)
        tree.link("etc/relative.json", to: "../etc/./names.json")
        tree.link("etc/absolute", to: tree.path + "/etc")
        tree.link("etc/circle", to: "circle")
        let etc = tree.path + "/etc/"
        #expect(name(LocalPath(etc + "relative.json")) == "web")
        #expect(name(LocalPath(etc + "absolute/relative.json")) == "web")
        #expect(disk.mark(LocalPath(etc + "circle")) == nil)

        // A link of somebody else's in a directory that all may write.
        try #require(lchown(etc + "relative.json", 12345, 12345) == 0)
        #expect(name(LocalPath(etc + "relative.json")) == nil)
        #expect(name(LocalPath(etc + "names.json")) == "web")
        // Root's link in a directory of somebody else's.
        try #require(chown(etc, 12345, 12345) == 0)
        #expect(name(LocalPath(etc + "absolute/names.json")) == nil)
        try #require(chown(etc + "names.json", 12345, 12345) == 0)
        #expect(name(LocalPath(etc + "names.json")) == nil)
        #expect(disk.names(in: LocalPath(etc)) == nil)
    }

    @Test(
        "no mount below a home is crossed",
        .enabled(if: LocalFileTests.mayMount, "nothing may be mounted here (needs root)"))
    func crossing() throws {
        tree.write("home/agno/sub/names.json", #"{"name":"under"}"#)
        let point = tree.path + "/home/agno/sub"
        try #require(mount("none", point, "tmpfs", 0, nil) == 0)
        defer { umount2(point, Int32(MNT_DETACH)) }
        tree.write("home/agno/sub/names.json", #"{"name":"over"}"#)

        #expect(disk.mark(mine("sub/names.json")) == nil)
        #expect(name(mine("sub/names.json")) == nil)
        #expect(name(mine("names.json")) == "db")
        #expect(name(LocalPath(point + "/names.json")) == "over", "the system may mount where it likes")
    }

    @Test(
        "a mount is known at once, and by what has been opened, not by its path",
        .enabled(if: LocalFileTests.mayMount, "nothing may be mounted here (needs root)"))
    func mounts() throws {
        let mounts = LocalMounts(KernelRoots(), reader, HandClock())
        let point = tree.path + "/home/agno"
        #expect(mounts.holds(point))
        let before = clinux_open_place(AT_FDCWD, point)
        // proc is not among the local ones: a stand-in for a FUSE mount, which a user can make.
        try #require(mount("none", point, "proc", 0, nil) == 0)
        let after = clinux_open_place(AT_FDCWD, point)
        defer {
            close(before)
            close(after)
        }

        #expect(!mounts.holds(point))
        #expect(!mounts.holds(descriptor: after))
        #expect(mounts.holds(descriptor: before))
        try #require(umount2(point, Int32(MNT_DETACH)) == 0)
        #expect(mounts.holds(point))
        #expect(!mounts.holds(descriptor: after))
    }

    @Test("a user's file is small, root's larger, and what is larger is not read at all")
    func sizes() {
        func text(_ size: Int) -> String { String(repeating: "x", count: size) }
        tree.write("home/agno/most", text(256 << 10))
        tree.write("home/agno/more", text(256 << 10 + 1))
        tree.write("etc/more", text(4 << 20 + 1))

        #expect(disk.bytes(mine("most"))?.count == 256 << 10)
        #expect(disk.bytes(mine("more")) == nil)
        #expect(disk.bytes(LocalPath(tree.path + "/home/agno/more"))?.count == 256 << 10 + 1)
        #expect(disk.bytes(LocalPath(tree.path + "/etc/more")) == nil)
    }

    @Test("a list that does not parse is taken up again only when it has changed")
    func unparsed() throws {
        let path = mine("list.json")
        let file = tree.path + "/home/agno/list.json"
        var storage = PodmanStorage()
        let list = #"[{"id":"ab","names":["db"]}]"#
        // As long and as old as the good list, in the very same file: only its mark could tell.
        let stamps = [timespec(tv_sec: 5, tv_nsec: 0), timespec(tv_sec: 5, tv_nsec: 0)]
        tree.write("home/agno/list.json", String(repeating: "[", count: list.utf8.count))
        try #require(utimensat(AT_FDCWD, file, stamps, 0) == 0)
        #expect(storage.container("ab", path, disk) == nil)
        tree.write("home/agno/list.json", list)
        try #require(utimensat(AT_FDCWD, file, stamps, 0) == 0)
        #expect(storage.container("ab", path, disk) == nil)

        tree.write("home/agno/list.json", list + " ")
        #expect(storage.container("ab", path, disk)?.name == "db")
        tree.write("home/agno/list.json", "nothing any more")
        #expect(storage.container("ab", path, disk) == nil)
    }
}
