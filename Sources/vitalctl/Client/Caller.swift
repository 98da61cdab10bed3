// SPDX-License-Identifier: Apache-2.0

import Glibc
import Vitals

/// Who calls: the services that this process belongs to, and which of them have a vitald of their own.
enum Caller {
    /// The instances of vitald beside the caller's services whose socket is there, the innermost first.
    static var instances: [InstanceName] {
        SocketLookup.services(inCgroupFile: text(of: "/proc/self/cgroup"))
            .filter { access($0.socketPath, F_OK) == 0 }
    }

    /// A small file of the kernel; empty where it cannot be read.
    private static func text(of path: String) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        // A path of cgroups has at most 4,096 bytes (PATH_MAX), and there are a dozen hierarchies at most.
        return withUnsafeTemporaryAllocation(byteCount: 64 * 1024, alignment: 1) { room in
            let count = read(descriptor, room.baseAddress, room.count)
            return count > 0 ? String(decoding: room[..<count], as: UTF8.self) : ""
        }
    }
}
