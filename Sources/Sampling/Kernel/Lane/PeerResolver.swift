// SPDX-License-Identifier: Apache-2.0

import Glibc
package import Vitals

/// Tells unit and container of a process from its cgroup path.
package struct PeerResolver: PeerResolving {
    private let proc: String

    /// Makes a resolver that reads this procfs.
    package init(roots: KernelRoots) { proc = roots.proc }

    package func origin(ofProcess pid: Int32) -> PeerOrigin? {
        // 0 is a process outside of our pid namespace.
        guard pid > 0 else { return nil }
        let descriptor = open("\(proc)/\(pid)/cgroup", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Self.longest) { buffer in
            var count = 0
            while count < buffer.count, let base = buffer.baseAddress {
                let n = Glibc.read(descriptor, base + count, buffer.count - count)
                if n < 0, errno == EINTR { continue }
                if n <= 0 { break }
                count += n
            }
            let bytes = KernelBytes(UnsafeBufferPointer(rebasing: buffer[..<count]))
            guard let path = ProcessCgroup.parse(bytes) else { return nil }
            guard let match = CgroupIdentity.match(path) else { return PeerOrigin(unit: "", container: "") }
            return PeerOrigin(
                unit: match.identity.unit, container: match.isContainer ? match.identity.name : "")
        }
    }

    /// A path is at most 4 KiB, and version 1 adds a line for each of its dozen hierarchies.
    private static let longest = 64 << 10
}
