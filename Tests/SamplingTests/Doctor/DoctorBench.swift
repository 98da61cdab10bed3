// SPDX-License-Identifier: Apache-2.0

import Glibc
import Vitals

@testable import Sampling

extension ProbeBench {
    /// A root that is local, and a cgroup2 tree at the usual place.
    static let usualMounts = """
        25 1 254:0 / / rw - ext4 /dev/vda rw
        30 25 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw

        """

    /// This bench's procfs, sysfs and root directory. `closed` are the paths below the root that vitald may not read.
    func surroundings(
        _ missing: [KernelGap] = [], house: House = .bare, closed: Set<String> = []
    ) -> Surroundings {
        let root = directory + "/root"
        return Surroundings(
            roots: KernelRoots(proc: directory + "/proc", sys: directory + "/sys", files: root),
            missing: { missing }, time: time, house: house,
            denial: { path, mode in
                closed.contains { root + $0 == path } ? EACCES : Surroundings.denial(path, mode)
            })
    }

    /// Writes files below the root directory, and the directories above them.
    func files(_ paths: String..., text: String = "") throws {
        for path in paths { try place("root/" + path, text) }
    }

    /// Writes a file and makes the directories above it.
    func place(_ path: String, _ text: String) throws {
        var directory = self.directory
        for part in path.split(separator: "/").dropLast() {
            directory += "/" + part
            mkdir(directory, 0o755)
        }
        try write(path, text)
    }
}

extension House {
    /// A daemon without a socket, a file, a secret or a container.
    static let bare = House(
        user: geteuid(), configuration: nil, credentials: nil, sockets: { [] },
        log: { LogStanding(.json, room: 1000) }, measured: { [] })
}
