// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A real Unix datagram socket in a directory of its own, read as the service manager or journald would.
package final class DatagramReader {
    /// Where it listens.
    package let path: String
    private let directory: String
    private let descriptor: Int32

    /// Opens the socket; throws where the machine gives none.
    package init() throws {
        var template = Array("/tmp/vitald-test-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw POSIXFault(errno) }
        directory = String(cString: made)
        path = directory + "/socket"
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard bound == 0 else { throw POSIXFault(errno) }
    }

    deinit {
        close(descriptor)
        unlink(path)
        rmdir(directory)
    }

    /// The next datagram, waiting for at most `milliseconds`; nil where none comes.
    package func next(within milliseconds: Int32 = 5000) -> String? {
        var poller = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&poller, 1, milliseconds) == 1 else { return nil }
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        return count < 0 ? nil : String(decoding: buffer[..<count], as: UTF8.self)
    }

    /// The contents of the memory file that comes with the next datagram.
    package func nextFile() -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 64)
        var control = [UInt8](repeating: 0, count: 64)
        return buffer.withUnsafeMutableBytes { data in
            control.withUnsafeMutableBytes { control in
                var vector = iovec(iov_base: data.baseAddress, iov_len: data.count)
                return withUnsafeMutablePointer(to: &vector) { vector in
                    var message = msghdr()
                    message.msg_iov = vector
                    message.msg_iovlen = 1
                    message.msg_control = control.baseAddress
                    message.msg_controllen = control.count
                    guard recvmsg(descriptor, &message, 0) >= 0, message.msg_controllen >= 20 else {
                        return nil
                    }
                    let file = control.loadUnaligned(fromByteOffset: 16, as: Int32.self)
                    defer { close(file) }
                    let size = Int(lseek(file, 0, Int32(SEEK_END)))
                    var contents = [UInt8](repeating: 0, count: size)
                    return pread(file, &contents, size, 0) == size ? contents : nil
                }
            }
        }
    }
}

/// A call of the system that failed, by its errno.
package struct POSIXFault: Error {
    /// The errno.
    package let code: Int32

    /// Makes a fault.
    package init(_ code: Int32) { self.code = code }
}
