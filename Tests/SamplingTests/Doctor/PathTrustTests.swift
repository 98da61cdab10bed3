// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

@testable import Sampling

@Suite("Who can change a file")
struct PathTrustTests {
    /// `/tmp/…/inner/file`, all of it this user's.
    private final class Tree {
        let top: String
        let inner: String
        let file: String

        init() throws {
            var template = Array("/tmp/vitald-trust-XXXXXX".utf8CString)
            top = String(cString: try #require(mkdtemp(&template)))
            inner = top + "/inner"
            file = inner + "/file"
            try #require(mkdir(inner, 0o755) == 0)
            let descriptor = open(file, O_WRONLY | O_CREAT, 0o644)
            try #require(descriptor >= 0 && fchmod(descriptor, 0o644) == 0)
            close(descriptor)
        }

        deinit {
            for path in [file, top + "/link"] { unlink(path) }
            rmdir(inner)
            rmdir(top)
        }
    }

    private func facts(_ path: String, trusting users: Set<UInt32> = [geteuid()]) -> [String] {
        PathTrust(users: users).breaches(of: path).map(\.fact)
    }

    @Test("nobody but root and vitald's user, nobody else's group, and not everybody")
    func modes() throws {
        let tree = try Tree()
        #expect(facts(tree.file) == [])

        try #require(chmod(tree.file, 0o646) == 0)
        #expect(facts(tree.file) == ["everybody on this machine can change \"\(tree.file)\" (mode 0646)"])
        try #require(chmod(tree.file, 0o644) == 0 && chmod(tree.inner, 0o707) == 0)
        let fact =
            "everybody on this machine can replace \"\(tree.file)\": the directory \"\(tree.inner)\" has mode 0707"
        #expect(facts(tree.file) == [fact])
        #expect(
            PathTrust(users: [geteuid()]).breaches(of: tree.file).map(\.remedy) == ["chmod o-w \(tree.inner)"]
        )
        try #require(chmod(tree.inner, 0o1707) == 0)
        #expect(facts(tree.file) == [], "in a sticky directory nobody moves what belongs to another")
        try #require(chmod(tree.inner, 0o755) == 0 && chmod(tree.top, 0o777) == 0)
        #expect(facts(tree.file).count == 1, "a directory further up counts as well")
        #expect(facts(tree.top + "/none") == [], "nothing is there")
    }

    @Test(
        "an owner who is not trusted is named, of file and directory",
        .enabled(if: getuid() == 0, "it gives files away"))
    func owners() throws {
        let tree = try Tree()
        try #require(chown(tree.file, 4711, 0) == 0)
        #expect(facts(tree.file) == ["\"\(tree.file)\" belongs to uid 4711, who can change it"])
        #expect(facts(tree.file, trusting: [4711]) == [])
        try #require(chown(tree.file, 0, 4711) == 0 && chmod(tree.file, 0o664) == 0)
        #expect(facts(tree.file) == ["the group with gid 4711 can change \"\(tree.file)\" (mode 0664)"])
        try #require(chmod(tree.file, 0o644) == 0 && chown(tree.inner, 4711, 0) == 0)
        #expect(
            facts(tree.file) == ["\"\(tree.inner)\" belongs to uid 4711, who can replace \"\(tree.file)\""])
    }

    @Test("the way of a link counts, and the way to where it leads")
    func links() throws {
        let (tree, other) = (try Tree(), try Tree())
        let link = tree.top + "/link"
        try #require(symlink(other.file, link) == 0)
        #expect(facts(link) == [])

        try #require(chmod(other.inner, 0o777) == 0)

        #expect(facts(link).count == 1)
        try #require(chmod(other.inner, 0o755) == 0 && chmod(tree.top, 0o777) == 0)
        #expect(facts(link).count == 1)
    }
}
