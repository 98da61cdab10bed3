// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Sampling

@Suite struct MountTests {
    let table = MountTable(
        parsing: Array(
            """
            25 1 254:0 / / rw,noatime shared:1 - ext4 /dev/vda rw,discard
            29 25 0:24 / /run rw,nosuid shared:11 master:3 - tmpfs tmpfs rw,size=597968k
            40 25 0:50 / /mnt/old rw - nfs4 server:/x rw,vers=4.2
            41 25 8:1 / /mnt/back\\040up\\011x ro,relatime - ext4 /dev/sda1 rw
            42 40 8:2 / /mnt/old/deep rw - xfs /dev/sdb rw
            43 29 0:24 /netns /run/netns rw - tmpfs tmpfs rw
            50 25 0:60 / /mnt/old rw - ext4 /dev/over rw
            51 25 0:61 / /auto rw - autofs systemd-1 rw,fd=30
            garbage
            60 25 0:9 / relative rw - ext4 x rw
            61 25 0:9 / /short rw - ext4
            62 25 8:7 / /lost rw,relatime - ext4 /dev/sdc ro
            63 25 8:8 / /both ro,relatime - ext4 /dev/sdd ro
            64 25 8:9 / /shut rw,relatime - xfs /dev/sde rw,shutdown

            """.utf8))

    @Test("a path lies on the mount that its directories lead to")
    func nearest() throws {
        #expect(table.mount(of: "/")?.id == 25)
        #expect(table.mount(of: "/run/x")?.id == 29)
        #expect(table.mount(of: "/runner")?.id == 25)
        #expect(table.mount(of: "/run/netns/a/b")?.id == 43)
        #expect(table.mount(of: "/mnt")?.id == 25)
    }

    @Test("octal escapes in a mount point are the bytes they stand for")
    func escapes() {
        #expect(table.mount(of: "/mnt/back up\tx/y")?.id == 41)
        #expect(MountText.escape("/a b\\\n") == Array("/a\\040b\\134\\012".utf8))
        #expect(MountText.unescape(MountText.escape("/ä \\040\t\u{7F}")[...]) == "/ä \\040\t\u{7F}")
        #expect(MountText.unescape(Array("/a\\04".utf8)[...]) == "/a\\04")
        #expect(MountText.unescape(Array("/a\\777".utf8)[...]) == "/a\\777")
    }

    @Test("what is hidden below a later mount is not seen")
    func stacked() {
        let over = MountTable(
            parsing: Array(
                """
                1 0 254:0 / / rw - ext4 a rw
                2 1 0:50 / /m rw - ext4 b rw
                3 2 0:51 / /m/deep rw - xfs c rw
                4 2 0:52 / /m rw - btrfs d rw

                """.utf8))

        #expect(over.mount(of: "/m")?.id == 4)
        #expect(over.mount(of: "/m/deep/x")?.id == 4)
    }

    @Test("lines that are no mounts are skipped, the rest is read")
    func malformed() {
        #expect(table.mounts.map(\.id) == [25, 29, 40, 41, 42, 43, 50, 51, 62, 63, 64])
        #expect(MountTable(parsing: []).mount(of: "/") == nil)
        #expect(
            MountTable(parsing: Array("9 9 1:1 / / rw - ext4 a rw\n9 9 1:1 / / rw - ext4 a rw\n".utf8)).root?
                .id
                == 9)
    }

    @Test("a line has all its fields: what is mounted of the file system, and a source that may have no name")
    func fields() throws {
        let table = MountTable(
            parsing: Array(
                """
                31 24 0:26 /a\\040b /sys/fs/cgroup rw,nosuid shared:8 master:2 - cgroup2 cgroup2 rw,nsdelegate
                32 24 0:27 / /unnamed rw - tmpfs  rw,size=1k
                33 24 0:28 / /my\\040disk rw - fuse.x my\\134disk

                """.utf8))

        let cgroup = try #require(table.mounts.first)
        #expect(cgroup.device == "0:26" && cgroup.root == "/a b" && cgroup.options == "rw,nosuid")
        #expect(cgroup.source == "cgroup2" && cgroup.superOptions == "rw,nsdelegate")
        #expect(table.mounts.dropFirst().map(\.source) == ["", "my\\disk"])
        #expect(table.mounts.dropFirst().map(\.superOptions) == ["rw,size=1k", ""])
        let real = MountTable(parsing: try KernelFixture.file("proc/self/mountinfo"))
        #expect(real.mounts.contains { $0.type == "cgroup2" })
        #expect(real.root != nil)
    }

    @Test("a line that was cut off is not believed")
    func cut() {
        let table = MountTable(parsing: Array("1 0 1:1 / / rw - ext4 a rw\n2 1 1:2 / /b rw - xfs b".utf8))

        #expect(table.mounts.map(\.id) == [1])
    }

    @Test("without a root in the table the longest mount point above the path counts")
    func chroot() {
        let table = MountTable(
            parsing: Array("7 3 1:1 / /a rw - ext4 x rw\n8 7 1:2 / /a/b rw - xfs y rw\n".utf8))

        #expect(table.mount(of: "/a/bc")?.id == 7)
        #expect(table.mount(of: "/a/b/c")?.id == 8)
        #expect(table.mount(of: "/x") == nil)
    }

    @Test("a file system that went read-only by itself is told from one that was mounted so")
    func access() throws {
        #expect(table.mount(of: "/run")?.access == .writable)
        #expect(table.mount(of: "/mnt/back up\tx")?.access == .readOnlyMount)
        #expect(table.mount(of: "/lost")?.access == .lost)
        #expect(table.mount(of: "/both")?.access == .readOnly)
        #expect(table.mount(of: "/shut")?.access == .lost)
    }

    @Test("links are followed on local mounts and never read beyond a mount that may hang")
    func links() throws {
        let remote = MountTable(
            parsing: Array(
                """
                1 0 254:0 / / rw - ext4 a rw
                2 1 0:50 / /net rw - nfs4 b rw
                3 1 8:1 / /data rw - xfs c rw
                4 1 0:61 / /auto rw - autofs systemd-1 rw

                """.utf8))
        var asked: [String] = []
        func follow(_ path: String) -> MountPath? {
            MountPath(path, in: remote) { path in
                asked.append(path)
                return [
                    "/srv": "/data/srv", "/data/srv/up": "../x", "/away": "net/y", "/loop": "loop",
                ][path]
            }
        }

        let data = try #require(follow("/srv/up/file"))
        #expect(data.mount.id == 3)
        #expect(data.resolved == "/data/x/file")
        #expect(data.hazard == nil)
        let away = try #require(follow("/away/z/w"))
        #expect(away.mount.id == 2)
        #expect(away.hazard?.id == 2)
        #expect(away.resolved == "/net/y/z/w")
        #expect(try #require(follow("/auto/x")).hazard?.isAutomount == true)
        #expect(try #require(follow("/loop")).mount.id == 1)
        #expect(try #require(follow("/data/srv/../../net")).hazard?.id == 2)
        #expect(!asked.contains { $0.hasPrefix("/net") || $0.hasPrefix("/auto") })
    }
}
