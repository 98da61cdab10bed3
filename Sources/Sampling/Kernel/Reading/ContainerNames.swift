// SPDX-License-Identifier: Apache-2.0

import Glibc
import Vitals

/// Names and images of containers from the files that runtimes keep; best effort, mostly readable by root alone.
/// A container without a name is measured all the same.
final class ContainerNames {
    private let roots: KernelRoots
    private let reader: KernelReader
    private var podman: [String: (name: String, image: String)] = [:]
    private var podmanRead: (modified: Int, size: Int)?

    init(_ roots: KernelRoots, _ reader: KernelReader) {
        self.roots = roots
        self.reader = reader
    }

    /// Puts name and image into an identity, where a file tells them.
    func complete(_ identity: inout ContainerIdentity, hex: String) {
        guard let files = roots.files, !hex.isEmpty else { return }
        switch identity.runtime {
        case "docker": docker(&identity, files, hex)
        case "podman": podman(&identity, files, hex)
        case "containerd", "nerdctl": containerd(&identity, files, hex)
        default: docker(&identity, files, hex)
        }
    }

    /// `/var/lib/docker/containers/<id>/config.v2.json`: `{"Name":"/web","Config":{"Image":"nginx:1"}}`
    private func docker(_ identity: inout ContainerIdentity, _ files: String, _ hex: String) {
        guard let root = json("\(files)/var/lib/docker/containers/\(hex)/config.v2.json") else { return }
        if var name = root["Name"]?.string {
            if name.hasPrefix("/") { name.removeFirst() }
            if !name.isEmpty { identity.name = name }
        }
        if let image = root["Config"]?["Image"]?.string { identity.image = image }
    }

    /// `/var/lib/containers/storage/overlay-containers/containers.json`:
    /// `[{"id":"…","names":["web"],"metadata":"{\"image-name\":\"nginx:1\"}"}]`
    private func podman(_ identity: inout ContainerIdentity, _ files: String, _ hex: String) {
        let path = "\(files)/var/lib/containers/storage/overlay-containers/containers.json"
        var status = stat()
        guard stat(path, &status) == 0 else { return }
        let mark = (status.st_mtim.tv_sec &* 1_000_000_000 &+ status.st_mtim.tv_nsec, Int(status.st_size))
        if podmanRead.map({ $0 != mark }) ?? true, let list = json(path) {
            podmanRead = mark
            podman.removeAll()
            for entry in list.elements {
                guard let id = entry["id"]?.string, let name = entry["names"]?.elements.first?.string else {
                    continue
                }
                var image = ""
                if let text = entry["metadata"]?.string,
                    let metadata = try? JSONDocument(parsing: Array(text.utf8)).root
                {
                    image = metadata["image-name"]?.string ?? ""
                }
                podman[id] = (name, image)
            }
        }
        guard let known = podman[hex] else { return }
        identity.name = known.name
        identity.image = known.image
    }

    /// `/run/containerd/io.containerd.runtime.v2.task/<namespace>/<id>/config.json`, its annotations.
    private func containerd(_ identity: inout ContainerIdentity, _ files: String, _ hex: String) {
        for namespace in ["k8s.io", "default", "moby"] {
            let path = "\(files)/run/containerd/io.containerd.runtime.v2.task/\(namespace)/\(hex)/config.json"
            guard let annotations = json(path)?["annotations"] else { continue }
            let name =
                annotations["io.kubernetes.cri.container-name"] ?? annotations["nerdctl/name"]
                ?? annotations["io.kubernetes.cri.sandbox-name"]
            if let name = name?.string, !name.isEmpty { identity.name = name }
            if let image = annotations["io.kubernetes.cri.image-name"]?.string { identity.image = image }
            return
        }
    }

    private func json(_ path: String) -> JSONValue? {
        guard case .bytes(let bytes) = reader.read(path: path), bytes.count < Self.fileLimit else {
            return nil
        }
        return try? JSONDocument(parsing: bytes.array(0..<bytes.count)).root
    }

    /// The files hold whole environments, yet are far below this.
    private static let fileLimit = 4 << 20
}
