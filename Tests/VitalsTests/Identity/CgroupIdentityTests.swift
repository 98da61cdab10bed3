// SPDX-License-Identifier: Apache-2.0

import Testing
import Vitals

private let id = "003b8030e60a013ecdf9aef2c1d535d5d24f129cacc2b5db0047c9713532fd7d"
private let short = "003b8030e60a"
private let pod = "1b4e28ba-2fa1-11d2-883f-0016d3cca427"
private let podSlice = "1b4e28ba_2fa1_11d2_883f_0016d3cca427"

/// A path and who it is; nil for nobody.
struct IdentityRow: Sendable, CustomStringConvertible {
    var path: String
    var expected: ContainerIdentity?

    /// One row: the last fields are those of `ContainerIdentity`.
    init(
        _ path: String, carrier: String? = nil, runtime: String, name: String = "", unit: String = "",
        pod: String = "", uid: String = ""
    ) {
        self.path = path
        var identity = ContainerIdentity(id: carrier ?? path)
        identity.runtime = runtime
        identity.name = name
        identity.unit = unit
        identity.pod = pod
        identity.uid = uid
        expected = identity
    }

    init(nobody path: String) { self.path = path }

    var description: String { path }
}

@Suite("Who a cgroup is, by its path alone")
struct CgroupIdentityTests {
    static let rows: [IdentityRow] = [
        // Docker.
        .init("/system.slice/docker-\(id).scope", runtime: "docker", name: short, unit: "docker-\(id).scope"),
        .init(
            "/user.slice/user-1000.slice/user@1000.service/user.slice/docker-\(id).scope", runtime: "docker",
            name: short, unit: "docker-\(id).scope", uid: "1000"),
        .init("/mine.slice/docker-\(id).scope", runtime: "docker", name: short, unit: "docker-\(id).scope"),
        .init("/docker/\(id)", runtime: "docker", name: short),
        .init("/docker/\(id)/init/deeper", carrier: "/docker/\(id)", runtime: "docker", name: short),
        .init(
            "/docker/buildkit/k2j3h4k5j6h7g8f9d0s1a2q3w", runtime: "docker", name: "k2j3h4k5j6h7g8f9d0s1a2q3w"
        ),
        // Podman.
        .init(
            "/machine.slice/libpod-\(id).scope", runtime: "podman", name: short, unit: "libpod-\(id).scope"),
        .init(
            "/machine.slice/libpod-\(id).scope/container", carrier: "/machine.slice/libpod-\(id).scope",
            runtime: "podman", name: short, unit: "libpod-\(id).scope"),
        .init(
            "/machine.slice/machine-libpod_pod_\(id).slice/libpod-\(id).scope", runtime: "podman",
            name: short, unit: "libpod-\(id).scope"),
        .init(
            "/system.slice/web.service/libpod-payload-\(id)", runtime: "podman", name: short,
            unit: "web.service"),
        .init("/libpod_parent/libpod-\(id)", runtime: "podman", name: short),
        .init(
            "/user.slice/user-1001.slice/user@1001.service/user.slice/user-libpod_pod_\(id).slice/libpod-\(id).scope/container",
            carrier:
                "/user.slice/user-1001.slice/user@1001.service/user.slice/user-libpod_pod_\(id).slice/libpod-\(id).scope",
            runtime: "podman", name: short, unit: "libpod-\(id).scope", uid: "1001"),
        .init(nobody: "/machine.slice/libpod-conmon-\(id).scope"),
        .init(nobody: "/machine.slice/machine-libpod_pod_\(id).slice"),
        .init(nobody: "/user.slice/user-libpod_pod_\(id).slice"),
        // containerd, CRI-O, nerdctl, Kubernetes.
        .init(
            "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod\(podSlice).slice/cri-containerd-\(id).scope",
            runtime: "containerd", name: short, unit: "cri-containerd-\(id).scope", pod: pod),
        .init(
            "/kubepods.slice/kubepods-pod\(podSlice).slice/cri-containerd-\(id).scope", runtime: "containerd",
            name: short, unit: "cri-containerd-\(id).scope", pod: pod),
        .init(
            "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod\(podSlice).slice/crio-\(id).scope",
            runtime: "cri-o", name: short, unit: "crio-\(id).scope", pod: pod),
        .init(
            "/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-burstable-pod\(podSlice).slice/cri-containerd-\(id).scope",
            runtime: "containerd", name: short, unit: "cri-containerd-\(id).scope", pod: pod),
        .init(
            "/docker/\(id)/kubelet.slice/kubelet-kubepods-pod\(podSlice).slice/cri-containerd-\(id).scope",
            runtime: "containerd", name: short, unit: "cri-containerd-\(id).scope", pod: pod),
        .init("/kubepods/burstable/pod\(pod)/\(id)", runtime: "", name: short, pod: pod),
        .init(
            "/kubepods/pod0123456789abcdef0123456789abcdef/\(id)", runtime: "", name: short,
            pod: "0123456789abcdef0123456789abcdef"),
        .init("/default/\(id)", runtime: "containerd", name: short),
        .init(
            "/system.slice/nerdctl-\(id).scope", runtime: "nerdctl", name: short, unit: "nerdctl-\(id).scope"),
        .init(
            "/user.slice/user-7.slice/user@7.service/user.slice/nerdctl-\(id).scope", runtime: "nerdctl",
            name: short, unit: "nerdctl-\(id).scope", uid: "7"),
        .init(nobody: "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod\(podSlice).slice"),
        .init(nobody: "/kubepods.slice/kubepods-pod\(podSlice).slice/crio-\(id)"),
        .init(nobody: "/kubepods.slice/kubepods-pod\(podSlice).slice/crio-conmon-\(id).scope"),
        // LXC, nspawn, libvirt, ECS, Garden.
        .init("/lxc.payload.web-1", runtime: "lxc", name: "web-1"),
        .init(
            "/lxc.payload.web/system.slice/ssh.service", carrier: "/lxc.payload.web", runtime: "lxc",
            name: "web"),
        .init("/lxc/old", runtime: "lxc", name: "old"),
        .init(nobody: "/lxc.monitor.web-1"),
        .init(nobody: "/lxc.pivot"),
        .init(
            "/machine.slice/systemd-nspawn@build\\x2dbox.service", runtime: "nspawn", name: "build-box",
            unit: "systemd-nspawn@build-box.service"),
        .init(
            "/machine.slice/systemd-nspawn@box.service/payload/system.slice/cron.service",
            carrier: "/machine.slice/systemd-nspawn@box.service", runtime: "nspawn", name: "box",
            unit: "systemd-nspawn@box.service"),
        .init("/machine.slice/machine-box.scope", runtime: "nspawn", name: "box", unit: "machine-box.scope"),
        .init(
            "/machine.slice/machine-qemu\\x2d12\\x2dweb\\x2d1.scope/libvirt/vcpu0",
            carrier: "/machine.slice/machine-qemu\\x2d12\\x2dweb\\x2d1.scope", runtime: "libvirt",
            name: "web-1", unit: "machine-qemu-12-web-1.scope"),
        .init(
            "/machine.slice/machine-lxc\\x2d3\\x2ddb.scope", runtime: "libvirt", name: "db",
            unit: "machine-lxc-3-db.scope"),
        .init(
            "/ecs/task/0123456789abcdef0123456789abcdef-4242", runtime: "ecs",
            name: "0123456789abcdef0123456789abcdef-4242"),
        .init(
            "/garden/1b2c3d4e-aaaa-bbbb-cccc-dddd", runtime: "garden", name: "1b2c3d4e-aaaa-bbbb-cccc-dddd"),
        // systemd.
        .init("/system.slice/redis-server.service", runtime: "systemd", unit: "redis-server.service"),
        .init(
            "/system.slice/system-postgresql.slice/postgresql@15-main.service", runtime: "systemd",
            unit: "postgresql@15-main.service"),
        .init(
            "/system.slice/systemd-udevd.service/udev", carrier: "/system.slice/systemd-udevd.service",
            runtime: "systemd", unit: "systemd-udevd.service"),
        .init("/system.slice/dash\\x2dname.service", runtime: "systemd", unit: "dash-name.service"),
        .init("/system.slice/_cpu.service", runtime: "systemd", unit: "cpu.service"),
        .init(
            "/user.slice/user-1000.slice/user@1000.service/app.slice/agent.service", runtime: "systemd",
            unit: "agent.service", uid: "1000"),
        .init("/user.slice/user-1000.slice/session-3.scope", runtime: "systemd", unit: "session-3.scope"),
        .init(
            "/docker/\(id)/system.slice/nginx.service", carrier: "/docker/\(id)", runtime: "docker",
            name: short),
        // A mount holds an id too; inside of a container it is the container's.
        .init(nobody: "/system.slice/var-lib-docker-overlay2-\(id)-merged.mount"),
        .init("/docker/\(id)/run-user-0.mount", carrier: "/docker/\(id)", runtime: "docker", name: short),
        // Not quite an id.
        .init(nobody: "/docker/\(id)0"),
        .init(nobody: "/docker/\(id.dropLast())"),
        .init(nobody: "/docker/\(id.uppercased())"),
        .init("/system.slice/docker-\(id)a.scope", runtime: "systemd", unit: "docker-\(id)a.scope"),
        .init(nobody: "/"),
        .init(nobody: "/user.slice"),
    ]

    @Test("every runtime's path tells who it is", arguments: rows)
    func row(_ row: IdentityRow) {
        #expect(CgroupIdentity.match(CgroupPath(row.path))?.identity == row.expected)
    }

    @Test("only the cgroup that carries the match is a container of its own")
    func carrier() {
        #expect(CgroupIdentity.carried(by: CgroupPath("/machine.slice/libpod-\(id).scope")) != nil)
        #expect(CgroupIdentity.carried(by: CgroupPath("/machine.slice/libpod-\(id).scope/container")) == nil)
    }

    @Test("a trailing slash and doubled ones make no second container")
    func canonical() {
        #expect(CgroupIdentity.match(CgroupPath("//docker//\(id)/"))?.identity.id == "/docker/\(id)")
    }

    @Test("bytes that are not UTF-8 become text, and two names stay two")
    func invalid() throws {
        let first = CgroupPath(Array("/system.slice/a".utf8) + [0xff] + Array(".service".utf8))
        let second = CgroupPath(Array("/system.slice/a".utf8) + [0xfe] + Array(".service".utf8))

        let match = try #require(CgroupIdentity.match(first))

        #expect(match.identity.id == "/system.slice/a\\xff.service")
        #expect(CgroupIdentity.match(second)?.identity.id != match.identity.id)
        #expect(CgroupPath(Array("/é/".utf8) + [0xc3]).text == "/é/\\xc3")
    }

    @Test("quotes, backslashes and line feeds stay in the name and are escaped on the page alone")
    func hostileNames() throws {
        let match = try #require(CgroupIdentity.match(CgroupPath("/system.slice/a\"b\\c\nd.service")))

        #expect(match.identity.unit == "a\"b\\c\nd.service")
        #expect(match.identity.id == "/system.slice/a\"b\\c\nd.service")
    }

    @Test("half an escape is no escape", arguments: ["a\\x2", "a\\x", "a\\", "a\\x2g", "a\\y2d"])
    func halfEscape(_ name: String) {
        #expect(SystemdName.unescape(Array(name.utf8)) == name)
    }

    @Test("a path outside of the cgroup namespace is known as such")
    func outside() {
        #expect(CgroupPath("/../../docker/\(id)").leavesNamespace)
        #expect(!CgroupPath("/docker/\(id)/..x").leavesNamespace)
    }
}
