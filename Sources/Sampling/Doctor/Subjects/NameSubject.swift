// SPDX-License-Identifier: Apache-2.0

import Glibc
import Vitals

extension Subject {
    /// Whether containers can be called by their names, which their runtimes keep in files of root.
    static let names = Subject("names") { surroundings in
        guard let root = surroundings.roots.files else { return surroundings.captured("names") }
        let places = [
            ("Docker", "/var/lib/docker/containers"), ("podman", "/var/lib/containers/storage"),
            ("containerd", "/run/containerd/io.containerd.runtime.v2.task"), ("kubelet", "/var/log/pods"),
        ]
        var open: [String] = []
        var closed: [String] = []
        for (runtime, path) in places where surroundings.isLocal(root + path) {
            switch surroundings.denial(root + path, R_OK | X_OK) {
            case 0: open.append(runtime)
            case EACCES: closed.append(runtime)
            default: break
            }
        }
        if !closed.isEmpty {
            return Diagnosis(
                "names", .limited,
                "the files of \(closed.joined(separator: ", ")) are closed to vitald, so those containers are called by "
                    + "the first digits of their ids",
                remedy:
                    "Where names are wanted, give it CAP_DAC_READ_SEARCH (deep.conf in /usr/share/doc/vitald/examples), or an "
                    + "ACL on those directories.")
        }
        if open.isEmpty { return Diagnosis("names", .ok, "no container runtime has files here") }
        return Diagnosis("names", .ok, "those that \(open.joined(separator: ", ")) gave are read")
    }
}
