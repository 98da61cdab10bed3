// SPDX-License-Identifier: Apache-2.0

/// Who a pod's containers are, by the names of the kubelet's logs, which everybody may list:
/// ```
/// /var/log/containers/POD_NAMESPACE_CONTAINER-<64 hex>.log
/// /var/log/pods/NAMESPACE_POD_UID/CONTAINER/
/// ```
/// Names of pods, namespaces and containers have no underscore. The kubelet cuts links that would be longer than a
/// name of a file may be, and makes none for a pod's sandbox; then only the pod can be told.
struct KubeletLogs {
    /// A pod, and one of its containers where that is known.
    struct Place: Hashable {
        var namespace: String
        var pod: String
        var container = ""
    }

    private var containers: [String: Place] = [:]
    private var containersMark: LocalFiles.Mark?
    private var pods: [String: Place] = [:]
    private var podsMark: LocalFiles.Mark?

    /// The place of a container by its id, or by its pod's uid.
    mutating func place(hex: String, uid: String, _ disk: LocalFiles, files: String) -> Place? {
        Self.read(
            LocalPath(files + "/var/log/containers"), disk, &containers, &containersMark, Self.container)
        if let place = containers[hex] { return place }
        Self.read(LocalPath(files + "/var/log/pods"), disk, &pods, &podsMark, Self.pod)
        return pods[uid]
    }

    /// `coredns-5d78c_kube-system_coredns-<64 hex>.log`
    static func container(_ name: String) -> (id: String, place: Place)? {
        guard name.hasSuffix(".log"), let dash = name.lastIndex(of: "-") else { return nil }
        let id = name[name.index(after: dash)...].dropLast(4)
        guard id.utf8.count == 64, id.utf8.allSatisfy(isHex) else { return nil }
        let parts = name[..<dash].split(separator: "_", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, parts.allSatisfy({ !$0.isEmpty }) else { return nil }
        return (String(id), Place(namespace: parts[1], pod: parts[0], container: parts[2]))
    }

    /// `kube-system_coredns-5d78c_1b4e28ba-2fa1-11d2-883f-0016d3cca427`
    static func pod(_ name: String) -> (id: String, place: Place)? {
        let parts = name.split(separator: "_", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, parts.allSatisfy({ !$0.isEmpty }) else { return nil }
        return (parts[2], Place(namespace: parts[0], pod: parts[1]))
    }

    private static func isHex(_ byte: UInt8) -> Bool {
        (byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9"))
            || (byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "f"))
    }

    /// Lists a directory again when it has changed.
    private static func read(
        _ path: LocalPath, _ disk: LocalFiles, _ known: inout [String: Place],
        _ mark: inout LocalFiles.Mark?, _ parse: (String) -> (id: String, place: Place)?
    ) {
        guard let now = disk.mark(path) else {
            known.removeAll()
            mark = nil
            return
        }
        guard now != mark, let names = disk.names(in: path) else { return }
        mark = now
        known.removeAll()
        for name in names {
            if let (id, place) = parse(name) { known[id] = place }
        }
    }
}
