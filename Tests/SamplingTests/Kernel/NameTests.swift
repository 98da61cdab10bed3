// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport
import Testing
import Vitals

@testable import Sampling

@Suite("Names that the host's files tell")
struct NameTests {
    private static let uid = "1b4e28ba-2fa1-11d2-883f-0016d3cca427"
    private static let slice =
        "kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1b4e28ba_2fa1_11d2_883f_0016d3cca427.slice"

    private static func hex(_ two: String) -> String { String(repeating: two, count: 32) }

    private static func sampler(_ tree: PlainTree, _ clock: HandClock = HandClock()) -> KernelSampler {
        var roots = tree.roots
        roots.files = tree.path + "/files"
        return KernelFixture.sampler(roots, KernelOptions(host: false), clock)
    }

    /// The labels of the series of one family, by the path's last component.
    private static func labels(_ sampler: KernelSampler) -> [String: String] {
        var found: [String: String] = [:]
        for line in KernelFixture.page(sampler) where line.hasPrefix("container_cpu_user_seconds_total{") {
            let labels = line.dropFirst("container_cpu_user_seconds_total{id=\"".count).prefix { $0 != "}" }
            let id = labels.prefix { $0 != "\"" }
            found[String(id.split(separator: "/").last ?? "")] = String(labels.dropFirst(id.count + 2))
        }
        return found
    }

    @Test(
        "containerd tells container, pod and namespace; the sandbox is no container; a unit has the labels too"
    )
    func containerd() throws {
        let tree = try PlainTree()
        let (app, sandbox) = (
            "cri-containerd-\(Self.hex("ab")).scope", "cri-containerd-\(Self.hex("cd")).scope"
        )
        tree.container("\(Self.slice)/\(app)", usage: 1)
        tree.container("\(Self.slice)/\(sandbox)", usage: 1)
        tree.container("system.slice/kubelet.service", usage: 1)
        let tasks = "files/run/containerd/io.containerd.runtime.v2.task/k8s.io"
        let pod = #""io.kubernetes.cri.sandbox-name":"web-0","io.kubernetes.cri.sandbox-namespace":"shop""#
        tree.write(
            "\(tasks)/\(Self.hex("ab"))/config.json",
            #"{"process":{"env":["SECRET=1"]},"annotations":{"io.kubernetes.cri.container-name":"app","io.kubernetes.cri.container-type":"container","io.kubernetes.cri.image-name":"nginx:1.27",\#(pod)}}"#
        )
        tree.write(
            "\(tasks)/\(Self.hex("cd"))/config.json",
            #"{"annotations":{"io.kubernetes.cri.container-type":"sandbox",\#(pod)}}"#)

        let labels = Self.labels(Self.sampler(tree))

        #expect(
            labels[app] == #"name="app",image="nginx:1.27",container="app",pod="web-0",namespace="shop""#)
        #expect(labels[sandbox] == #"name="web-0",image="",container="",pod="web-0",namespace="shop""#)
        #expect(labels["kubelet.service"] == #"name="",image="",container="",pod="",namespace="""#)
        #expect(labels.count == 3)
    }

    @Test("CRI-O and Docker tell the same, also where the path does not name the runtime")
    func otherRuntimes() throws {
        let tree = try PlainTree()
        let pods = "kubepods/burstable/pod\(Self.uid)"
        let kube =
            #""io.kubernetes.container.name":"app","io.kubernetes.pod.name":"web-0","io.kubernetes.pod.namespace":"shop""#
        for id in ["ab", "cd", "ef"] { tree.container("\(pods)/\(Self.hex(id))", usage: 1) }
        tree.write(
            "files/run/containers/storage/overlay-containers/\(Self.hex("ab"))/userdata/config.json",
            #"{"annotations":{"io.kubernetes.cri-o.ContainerType":"container","io.kubernetes.cri-o.ImageName":"nginx:1",\#(kube)}}"#
        )
        tree.write(
            "files/var/lib/containers/storage/overlay-containers/\(Self.hex("ef"))/userdata/config.json",
            #"{"annotations":{"io.kubernetes.cri-o.ContainerType":"sandbox","io.kubernetes.container.name":"POD","io.kubernetes.pod.name":"web-0","io.kubernetes.pod.namespace":"shop"}}"#
        )
        tree.write(
            "files/var/lib/docker/containers/\(Self.hex("cd"))/config.v2.json",
            #"{"Name":"/k8s_app_web-0","Config":{"Image":"nginx:2","Labels":{"io.kubernetes.docker.type":"container",\#(kube)}}}"#
        )
        let sampler = Self.sampler(tree)

        let labels = Self.labels(sampler)

        let place = #"container="app",pod="web-0",namespace="shop""#
        #expect(labels[Self.hex("ab")] == #"name="app",image="nginx:1",\#(place)"#)
        #expect(labels[Self.hex("cd")] == #"name="k8s_app_web-0",image="nginx:2",\#(place)"#)
        #expect(labels[Self.hex("ef")] == #"name="web-0",image="",container="",pod="web-0",namespace="shop""#)
        let info = KernelFixture.page(sampler).filter { $0.hasPrefix("vitald_container_info") }
        #expect(
            info.filter { $0.contains(#"runtime="cri-o""#) && $0.contains("pod=\"\(Self.uid)\"") }.count == 2)
        #expect(info.contains { $0.contains(#"runtime="docker""#) })
    }

    @Test(
        "without root the kubelet's logs tell, a link that comes late is found, and the first pod brings the labels"
    )
    func logs() throws {
        let tree = try PlainTree()
        let clock = HandClock()
        let scope = "cri-containerd-\(Self.hex("ab")).scope"
        tree.container("system.slice/kubelet.service", usage: 1)
        let sampler = Self.sampler(tree, clock)
        #expect(Self.labels(sampler) == ["kubelet.service": #"name="",image="""#])

        tree.container("\(Self.slice)/\(scope)", usage: 1)
        clock.advance(.seconds(1))
        #expect(
            Self.labels(sampler) == [
                "kubelet.service": #"name="",image="",container="",pod="",namespace="""#,
                scope: #"name="abababababab",image="",container="",pod="",namespace="""#,
            ])

        tree.write("files/var/log/pods/shop_web-0_\(Self.uid)/app/0.log", "")
        clock.advance(.seconds(2))
        #expect(
            Self.labels(sampler)[scope]
                == #"name="abababababab",image="",container="",pod="web-0",namespace="shop""#)
        tree.link("files/var/log/containers/web-0_shop_app-\(Self.hex("ab")).log", to: "nowhere")
        clock.advance(.seconds(1))
        #expect(Self.labels(sampler)[scope]?.contains(#"container="""#) == true, "not at each reading")
        clock.advance(.seconds(4))
        #expect(
            Self.labels(sampler)[scope]
                == #"name="app",image="",container="app",pod="web-0",namespace="shop""#)

        let figures = try #require(sampler.containers(Selection(["app"])).containers.first)
        #expect(figures.identity.podName == "web-0" && figures.identity.namespace == "shop")
        #expect(figures.identity.pod == Self.uid)
    }

    @Test("asking again ends")
    func tries() throws {
        let tree = try PlainTree()
        let clock = HandClock()
        tree.container("\(Self.slice)/cri-containerd-\(Self.hex("ab")).scope", usage: 1)
        let sampler = Self.sampler(tree, clock)
        for _ in 0..<70 {
            _ = KernelFixture.page(sampler)
            clock.advance(.seconds(1))
        }

        tree.link("files/var/log/containers/web-0_shop_app-\(Self.hex("ab")).log", to: "nowhere")
        for _ in 0..<70 {
            #expect(Self.labels(sampler).values.allSatisfy { !$0.contains("web-0") })
            clock.advance(.seconds(1))
        }
    }

    @Test(
        "names of logs are taken apart, and what is none is left",
        arguments: [
            (
                "web-0_shop_app-1-\(hex("ab")).log",
                KubeletLogs.Place(namespace: "shop", pod: "web-0", container: "app-1")
            ),
            ("web-0_shop_app-\(hex("ab"))", nil), ("web-0_shop_app-abab.log", nil),
            ("web-0_app-\(hex("ab")).log", nil), ("_shop_app-\(hex("ab")).log", nil), (".log", nil),
            ("-.log", nil),
            ("a_b_c_d-\(hex("ab")).log", nil),
        ] as [(String, KubeletLogs.Place?)])
    func links(_ name: String, _ expected: KubeletLogs.Place?) {
        #expect(KubeletLogs.container(name)?.place == expected)
    }

    @Test("rootless containers have their names in their user's home, and never another's")
    func rootless() throws {
        let tree = try PlainTree()
        // What lies in a home must be its user's own.
        let (me, eve) = (geteuid(), geteuid() + 1)
        let (mine, session, other) = (Self.hex("ab"), Self.hex("cd"), Self.hex("ef"))
        let manager = "user.slice/user-\(me).slice/user@\(me).service/user.slice"
        tree.container("\(manager)/libpod-\(mine).scope", usage: 1)
        tree.container("\(manager)/docker-\(Self.hex("12")).scope", usage: 1)
        tree.container("user.slice/user-\(me).slice/session-3.scope/libpod-\(session)", usage: 1)
        tree.container(
            "user.slice/user-\(eve).slice/user@\(eve).service/user.slice/libpod-\(other).scope", usage: 1)
        tree.write(
            "files/etc/passwd",
            "other:x:\(me + 2):65534::/:/bin/false\nbroken\nagno:x:\(me):1000:A,,,:/home/agno:/bin/bash\n"
                + "twice:x:\(me):1000::/home/twice:/bin/sh\neve:x:\(eve):1001::/home/eve:/bin/sh\n")
        let storage = ".local/share/containers/storage/overlay-containers/containers.json"
        tree.write(
            "files/home/agno/\(storage)",
            #"[{"id":"\#(mine)","names":["db"],"metadata":"{\"image-name\":\"postgres:17\"}"},"#
                + #"{"id":"\#(session)","names":["job"]}]"#)
        // A user names his own containers and nobody else's, and does not fill the page.
        tree.write(
            "files/home/eve/\(storage)",
            #"[{"id":"\#(mine)","names":["stolen"]},{"id":"\#(other)","names":["\#(String(repeating: "x", count: 5000))"]}]"#
        )
        // Without root it stays ours, and is left for that.
        _ = chown(tree.path + "/files/home/eve/\(storage)", eve, eve)
        tree.write(
            "files/home/agno/.local/share/docker/containers/\(Self.hex("12"))/config.v2.json",
            #"{"Name":"/web","Config":{"Image":"nginx"}}"#)

        let labels = Self.labels(Self.sampler(tree))

        #expect(labels["libpod-\(mine).scope"] == #"name="db",image="postgres:17""#)
        #expect(labels["libpod-\(session)"] == #"name="job",image="""#)
        #expect(labels["docker-\(Self.hex("12")).scope"] == #"name="web",image="nginx""#)
        #expect(labels["libpod-\(other).scope"] == #"name="efefefefefef",image="""#)
    }

    @Test("a home behind a mount that can hang is not looked into")
    func remoteHome() throws {
        let tree = try PlainTree()
        let hex = Self.hex("ab")
        tree.container(
            "user.slice/user-\(geteuid()).slice/user@\(geteuid()).service/user.slice/libpod-\(hex).scope",
            usage: 1)
        tree.write("files/etc/passwd", "agno:x:\(geteuid()):1000::/home/agno:/bin/bash\n")
        tree.write(
            "files/home/agno/.local/share/containers/storage/overlay-containers/containers.json",
            #"[{"id":"\#(hex)","names":["db"]}]"#)
        func name(_ type: String) -> String? {
            tree.write(
                "proc/self/mountinfo",
                "20 1 254:1 / / rw - ext4 /dev/vda1 rw\n30 20 0:50 / \(tree.path)/files/home rw - \(type) x rw\n"
            )
            return Self.labels(Self.sampler(tree)).values.first
        }

        #expect(name("nfs4") == #"name="abababababab",image="""#)
        #expect(name("fuse.sshfs") == #"name="abababababab",image="""#)
        #expect(name("xfs") == #"name="db",image="""#)
    }
}
