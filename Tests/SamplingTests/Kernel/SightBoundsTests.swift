// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport
import Testing
import Vitals

@testable import Sampling

@Suite("What the bounds of a reading leave out is told, and never said not to run")
struct SightBoundsTests {
    @Test(
        "beyond 20,000 cgroups: names and paths of checks are found, globs are unknown, and it is said as long as it is so"
    )
    func overflow() throws {
        let tree = try PlainTree()
        tree.write("cgroup/cgroup.procs", "")
        mkdir(tree.path + "/cgroup/attack", 0o755)
        // A hundredth of what counts in earnest: a disk takes a minute to make so many directories.
        for number in 0..<300 { mkdir(tree.path + "/cgroup/attack/\(number)", 0o755) }
        tree.container("system.slice/late.service", usage: 1, more: Sight.memory)
        tree.container("zoo.slice/zoo-a.slice", usage: 1)
        tree.container("zoo.slice/zoo-a.slice/far.service", usage: 1, more: Sight.memory)
        tree.container("zoo.slice/hidden.service", usage: 1, more: Sight.memory)
        let clock = HandClock()
        let far = "/zoo.slice/zoo-a.slice/far.service"
        let checked = [
            try #require(try Sight.unit("late.service").picked),
            try #require(try Sight.container(far).picked),
            try #require(try Sight.unit("zoo-a.slice").picked),
        ]
        let sampler = KernelFixture.sampler(
            tree.roots, KernelOptions(checked: checked, host: false), clock, cgroupLimit: 200)

        for _ in 0..<3 {
            _ = KernelFixture.page(sampler)
            clock.advance(.seconds(1))
        }

        #expect(CgroupTree.nodeLimit == 20_000)
        #expect(try Sight.verdicts(sampler).all.allSatisfy { $0.outcome == .pass })
        #expect(try Sight.judge(try Sight.container(far), sampler).outcome == .pass)
        #expect(try Sight.judge(try Sight.unit("zoo-a.slice"), sampler).outcome == .pass)
        let glob = try Sight.judge(try Sight.container("*.service"), sampler)
        #expect(glob.outcome == .unknown && glob.reason == "inconclusive.limit")
        #expect(glob.message.contains("others could not be looked at: "), "\(glob.message)")
        let nobody = try Sight.judge(try Sight.unit("nobody.service"), sampler)
        #expect(nobody.outcome == .unknown && nobody.reason == "inconclusive.limit", "\(nobody)")
        let nowhere = try Sight.judge(try Sight.container("/zoo.slice/nobody.service"), sampler)
        #expect(nowhere.outcome == .fail, "a path is followed beyond the limit: \(nowhere)")
        #expect(sampler.unmeasured.contains { $0.subject == .cgroup && ($0.count ?? 0) > 90 })
        #expect(sampler.missing.contains { $0.fact.hasPrefix("the cgroup tree has more than 20000 cgroups") })

        tree.remove("cgroup/attack")
        clock.advance(.seconds(1))
        #expect(try Sight.judge(try Sight.container("*.service"), sampler).message == "3 of 3 units run")
        #expect(sampler.unmeasured.isEmpty)
        #expect(try Sight.judge(try Sight.unit("nobody.service"), sampler).outcome == .fail)
    }

    @Test("deeper than 48 levels: it is said, a path that a check names is followed, and a glob is unknown")
    func depth() throws {
        let tree = try PlainTree()
        tree.write("cgroup/cgroup.procs", "")
        let deep = String(repeating: "/d", count: 55)
        tree.container("\(deep.dropFirst())/late.service", usage: 1, more: Sight.memory)
        let path = deep + "/late.service"
        let clock = HandClock()
        let sampler = KernelFixture.sampler(tree.roots, KernelOptions(host: false), clock)
        _ = KernelFixture.page(sampler)
        clock.advance(.seconds(1))

        #expect(try Sight.judge(try Sight.unit("late.service"), sampler).reason == "inconclusive.limit")
        #expect(sampler.unmeasured.first?.subject == .cgroup)
        #expect(try Sight.judge(try Sight.container(path), sampler).outcome == .pass)
        #expect(sampler.unmeasured.isEmpty, "nothing is left out any more while somebody asks for it")
        let named = KernelFixture.sampler(
            tree.roots, KernelOptions(checked: [Selection([path], scope: .containers)]), clock)
        #expect(try Sight.judge(try Sight.container(path), named).outcome == .pass)
    }

    @Test(
        "a name that nothing has, where the runtime's files are closed to vitald: one of the nameless may have it",
        .enabled(if: geteuid() == 0, "needs root, to be somebody else"))
    func nameless() throws {
        let tree = try PlainTree()
        let id = String(repeating: "ab", count: 32)
        chmod(tree.path, 0o755)
        tree.write("cgroup/cgroup.procs", "")
        tree.container("docker/\(id)", usage: 1)
        tree.container("system.slice/here.service", usage: 1)
        tree.write("files/var/lib/docker/containers/\(id)/config.v2.json", #"{"Name":"/web"}"#)
        chmod(tree.path + "/files/var/lib/docker", 0o700)
        var roots = tree.roots
        roots.files = tree.path + "/files"
        let places = roots
        func verdict(_ name: String) throws -> ProbeResult {
            let kind = try Sight.container(name)
            let picked = try #require(kind.picked)
            let answer = try AsNobody.run {
                KernelFixture.sampler(places, KernelOptions(host: false)).containers(picked)
            }
            return kind.judge(answer, recentKills: [:])
        }

        let named = try verdict("web")
        #expect(named.outcome == .unknown && named.reason == "inconclusive.kernel", "\(named)")
        #expect(
            named.message.hasPrefix(
                "web could not be looked at: the names that docker gave to 1 container cannot be read: Permission denied"
            ), "\(named.message)")
        #expect(try verdict("web*").outcome == .unknown)
        #expect(try verdict("abababababab").outcome == .pass && verdict("*").outcome == .pass)
        #expect(
            try verdict("gone.service").reason == "container.missing", "a unit has its name from its cgroup")
        #expect(try verdict("/docker/gone").reason == "container.missing")
        chmod(tree.path + "/files/var/lib/docker", 0o755)
        #expect(try verdict("web").outcome == .pass && verdict("db").reason == "container.missing")
    }

    @Test("a container's processes are not counted where some of its cgroups are left out")
    func processes() throws {
        let tree = try PlainTree()
        tree.write("cgroup/cgroup.procs", "")
        let deep = "late.service" + String(repeating: "/d", count: 50)
        tree.container("late.service", usage: 1, more: ["cgroup.procs": "7\n8\n"])
        tree.container(deep, usage: 1, more: ["cgroup.procs": "9\n"])
        let sampler = KernelFixture.sampler(tree.roots)

        let figures = try #require(sampler.containers(Selection(["late.service"])).containers.first)

        #expect(figures.processes == nil && figures.populated == true)
    }

    @Test("no limit of series cuts a container that a check names; what it cuts is counted once and told")
    func series() throws {
        let tree = try PlainTree()
        Sight.hundred(tree, named: ["late.service"])
        let clock = HandClock()
        let tallies = TallyBook()
        let checked = [Selection(["late.service"], scope: .units)]
        let sampler = KernelFixture.sampler(
            tree.roots, KernelOptions(checked: checked, seriesLimit: 40, host: false), clock, tallies: tallies
        )
        var pages: [[String]] = []

        for _ in 0..<3 {
            pages.append(KernelFixture.page(sampler))
            clock.advance(.seconds(1))
        }

        let page = try #require(pages.last)
        #expect(page.contains { $0.hasPrefix("vitald_container_info") && $0.contains("late.service") })
        #expect(
            page.filter { $0.hasPrefix("container_") || $0.hasPrefix("vitald_container_") }.count <= 40)
        let cut = try #require(sampler.unmeasured.first)
        #expect(cut.subject == .containerSeries && cut.remedy.contains("containers.seriesLimit"))
        var sheet = Sheet()
        tallies.fill(&sheet)
        let lines = KernelFixture.lines(sheet)
        let number = try #require(cut.count)
        #expect(lines.contains(#"vitald_dropped_total{what="container_series",reason="limit"} \#(number)"#))
        #expect(lines.contains(#"vitald_missing{what="container_series",reason="limit"} \#(number)"#))
        let shown = page.filter { $0.hasPrefix("container_") || $0.hasPrefix("vitald_container_") }
        #expect(lines.contains(#"vitald_series{kind="container"} \#(shown.count)"#))
    }
}
