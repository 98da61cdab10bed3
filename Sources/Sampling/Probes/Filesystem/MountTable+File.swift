// SPDX-License-Identifier: Apache-2.0

import Glibc

extension MountTable {
    /// A line is some 200 bytes, and the kernel allows 100,000 mounts (fs.mount-max); beyond this it is no table.
    static let maximumBytes = 32 * 1024 * 1024

    /// Reads a mountinfo to its end.
    static func bytes(reading path: String) throws(SystemError) -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw SystemError(errno) }
        defer { close(file) }
        var bytes: [UInt8] = []
        var problem: Int32 = 0
        // The kernel fills at most a page or so per read, whole lines only, so that no line is torn by a change.
        withUnsafeTemporaryAllocation(byteCount: 16 * 1024, alignment: 1) { scratch in
            while true {
                let count = read(file, scratch.baseAddress, scratch.count)
                if count == 0 { return }
                if count < 0 {
                    if errno == EINTR { continue }
                    problem = errno
                    return
                }
                bytes.append(contentsOf: scratch[..<count])
                if bytes.count > maximumBytes {
                    problem = EFBIG
                    return
                }
            }
        }
        guard problem == 0 else { throw SystemError(problem) }
        return bytes
    }
}
