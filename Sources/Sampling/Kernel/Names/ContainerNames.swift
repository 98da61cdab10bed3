// SPDX-License-Identifier: Apache-2.0

import Vitals

/// Names and images of containers from the files that runtimes and the kubelet keep; best effort, mostly readable by
/// root alone. A container without a name is measured all the same.
final class ContainerNames {
    /// A longer name or image is none: whoever runs a container must not fill the page.
    static let longest = 512
    /// Where containerd keeps its state, on its own and in the distributions of Kubernetes that bring one along.
    private static let containerdStates = [
        "/run/containerd", "/run/k3s/containerd", "/var/snap/microk8s/common/run/containerd",
    ]
    /// A host has few users with containers; more than this and their lists are read anew.
    private static let storagesKept = 64

    private let files: String?
    private let disk: LocalFiles
    private var storages: [LocalPath: PodmanStorage] = [:]
    private var homes = UserHomes()
    private var logs = KubeletLogs()

    init(_ roots: KernelRoots, _ reader: KernelReader, _ time: any TimeSource) {
        files = roots.files
        disk = LocalFiles(roots, reader, time)
    }

    /// Puts what the host's files tell into an identity; false where more may be told a little later, as the kubelet
    /// makes its links after the container has started.
    func complete(_ identity: inout ContainerIdentity, hex: String) -> Bool {
        guard let files, !hex.isEmpty else { return true }
        var found = identity
        let isSettled = look(&found, files, hex)
        for field in [\ContainerIdentity.name, \.image, \.container, \.podName, \.namespace]
        where found[keyPath: field].utf8.count <= Self.longest {
            identity[keyPath: field] = found[keyPath: field]
        }
        identity.runtime = found.runtime
        return isSettled
    }

    /// Whether nothing told a container's name, so that it goes by the first digits of its id.
    static func isNameless(_ match: CgroupIdentity.Match, _ identity: ContainerIdentity) -> Bool {
        match.isContainer && !match.hex.isEmpty && match.hex.hasPrefix(identity.name)
    }

    /// Why a runtime's names cannot be read; nil where they can, or where it keeps none here.
    func denial(of runtime: String) -> KernelFault? {
        guard let files else { return nil }
        let paths =
            switch runtime {
            case "docker": ["/var/lib/docker/containers"]
            case "podman": ["/var/lib/containers/storage/overlay-containers"]
            case "containerd", "nerdctl":
                Self.containerdStates.map { $0 + "/io.containerd.runtime.v2.task" }
            default: [String]()
            }
        return paths.lazy.compactMap { self.disk.denial(at: LocalPath(files + $0)) }.first
    }

    private func look(_ identity: inout ContainerIdentity, _ files: String, _ hex: String) -> Bool {
        let home = owner(of: identity).flatMap { homes.home(ofUser: $0, disk, files: files) }
        let data = home.map { LocalPath(".local/share", below: $0) } ?? LocalPath(files + "/var/lib")
        guard identity.pod.isEmpty else { return kubernetes(&identity, files, hex) }
        switch identity.runtime {
        case "podman": podman(&identity, data + "/containers/storage", hex)
        case "containerd", "nerdctl": _ = containerd(&identity, files, hex)
        default: _ = docker(&identity, data, hex)
        }
        return true
    }

    /// The user whose rootless container it is; nil for the system's own.
    private func owner(of identity: ContainerIdentity) -> String? {
        if !identity.uid.isEmpty { return identity.uid }
        for component in identity.id.split(separator: "/") {
            guard component.hasPrefix("user-"), component.hasSuffix(".slice") else { continue }
            let uid = component.dropFirst(5).dropLast(6)
            if !uid.isEmpty, uid.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) { return String(uid) }
        }
        return nil
    }

    /// A container of a pod: which runtime it is cannot always be told from its path.
    private func kubernetes(_ identity: inout ContainerIdentity, _ files: String, _ hex: String) -> Bool {
        let runtime = identity.runtime
        var runtimes: [(String, (inout ContainerIdentity, String, String) -> Bool)] = [
            ("containerd", { self.containerd(&$0, $1, $2) }), ("cri-o", { self.criO(&$0, $1, $2) }),
            ("docker", { self.docker(&$0, LocalPath($1 + "/var/lib"), $2) }),
        ]
        if !runtime.isEmpty { runtimes.removeAll { $0.0 != runtime } }
        for (name, look) in runtimes where look(&identity, files, hex) {
            identity.runtime = name
            if !identity.podName.isEmpty { return true }
        }
        guard let place = logs.place(hex: hex, uid: identity.pod, disk, files: files) else { return false }
        identity.namespace = place.namespace
        identity.podName = place.pod
        identity.container = place.container
        guard !place.container.isEmpty else { return false }
        identity.name = place.container
        return true
    }

    /// `/var/lib/docker/containers/<id>/config.v2.json`:
    /// `{"Name":"/web","Config":{"Image":"nginx:1","Labels":{"io.kubernetes.pod.name":"web-0"}}}`
    private func docker(_ identity: inout ContainerIdentity, _ data: LocalPath, _ hex: String) -> Bool {
        guard let root = disk.json(data + "/docker/containers/\(hex)/config.v2.json") else { return false }
        if var name = root["Name"]?.string {
            if name.hasPrefix("/") { name.removeFirst() }
            if !name.isEmpty { identity.name = name }
        }
        if let image = root["Config"]?["Image"]?.string { identity.image = image }
        if let labels = root["Config"]?["Labels"] {
            pod(&identity, labels, isSandbox: labels["io.kubernetes.docker.type"]?.string == "podsandbox")
        }
        return true
    }

    /// `/var/lib/containers/storage/overlay-containers/containers.json`, or the same in a user's home.
    private func podman(_ identity: inout ContainerIdentity, _ storage: LocalPath, _ hex: String) {
        let path = storage + "/overlay-containers/containers.json"
        if storages.count >= Self.storagesKept, storages[path] == nil { storages.removeAll() }
        guard let known = storages[path, default: PodmanStorage()].container(hex, path, disk) else { return }
        identity.name = known.name
        identity.image = known.image
    }

    /// `/run/containerd/io.containerd.runtime.v2.task/<namespace>/<id>/config.json`, its annotations.
    private func containerd(_ identity: inout ContainerIdentity, _ files: String, _ hex: String) -> Bool {
        for state in Self.containerdStates {
            for namespace in ["k8s.io", "default", "moby"] {
                let path = "\(files)\(state)/io.containerd.runtime.v2.task/\(namespace)/\(hex)/config.json"
                guard let annotations = disk.json(LocalPath(path))?["annotations"] else { continue }
                let pod = annotations[text: "io.kubernetes.cri.sandbox-name"]
                identity.podName = pod ?? ""
                identity.namespace = annotations[text: "io.kubernetes.cri.sandbox-namespace"] ?? ""
                let container = annotations[text: "io.kubernetes.cri.container-name"]
                identity.container = container ?? ""
                if let name = container ?? annotations[text: "nerdctl/name"] ?? pod { identity.name = name }
                if let image = annotations[text: "io.kubernetes.cri.image-name"] { identity.image = image }
                return true
            }
        }
        return false
    }

    /// `/run/containers/storage/overlay-containers/<id>/userdata/config.json`, its annotations; the labels of
    /// Kubernetes stand among them.
    private func criO(_ identity: inout ContainerIdentity, _ files: String, _ hex: String) -> Bool {
        for data in ["/run", "/var/lib"] {
            let path = "\(files)\(data)/containers/storage/overlay-containers/\(hex)/userdata/config.json"
            guard let annotations = disk.json(LocalPath(path))?["annotations"] else { continue }
            let isSandbox = annotations[text: "io.kubernetes.cri-o.ContainerType"] == "sandbox"
            pod(&identity, annotations, isSandbox: isSandbox)
            let name = isSandbox ? identity.podName : identity.container
            if !name.isEmpty { identity.name = name }
            if let image = annotations[text: "io.kubernetes.cri-o.ImageName"] { identity.image = image }
            return true
        }
        return false
    }

    /// The labels that the kubelet gives to every container.
    private func pod(_ identity: inout ContainerIdentity, _ labels: JSONValue, isSandbox: Bool) {
        identity.podName = labels[text: "io.kubernetes.pod.name"] ?? ""
        identity.namespace = labels[text: "io.kubernetes.pod.namespace"] ?? ""
        // A sandbox calls itself POD or nothing; it is no container of the pod.
        identity.container = isSandbox ? "" : labels[text: "io.kubernetes.container.name"] ?? ""
    }
}

extension JSONValue {
    /// The text of a member; nil where it is empty or none.
    fileprivate subscript(text key: StaticString) -> String? {
        self[key]?.string.flatMap { $0.isEmpty ? nil : $0 }
    }
}
