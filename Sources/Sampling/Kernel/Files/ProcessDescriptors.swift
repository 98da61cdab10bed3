// SPDX-License-Identifier: Apache-2.0

import Glibc

/// `/proc/PID/fd`: a directory with one symbolic link for each open file.
/// ```
/// 0 -> /dev/null
/// 3 -> socket:[21947]
/// 4 -> anon_inode:[eventpoll]
/// ```
/// Since Linux 6.2 the size of the directory is the number of links, and stat(2) tells it to everybody. To list the
/// directory and to read the links needs leave to trace the process (PTRACE_MODE_READ_FSCREDS).
struct ProcessDescriptors: Hashable {
    /// What became of a look.
    enum Look: Hashable {
        case counted(ProcessDescriptors)
        /// The process has ended meanwhile.
        case gone
        /// It is not ours to look at.
        case denied
        /// Something else, such as EMFILE.
        case failed
    }

    /// Open files, sockets among them.
    var files: Int64 = 0
    /// Open sockets.
    var sockets: Int64 = 0

    /// How many open files a process has, by the size of its directory.
    static func size(of name: String, in proc: Int32) -> Look {
        var status = stat()
        guard fstatat(proc, name, &status, 0) == 0 else { return failure(errno) }
        return .counted(ProcessDescriptors(files: Int64(status.st_size)))
    }

    /// Lists a process's open files and counts the sockets among them.
    static func list(_ name: String, in proc: Int32, _ reader: KernelReader) -> Look {
        let descriptor = name.withCString { reader.open($0, in: proc, O_DIRECTORY) }
        guard descriptor >= 0 else { return failure(-descriptor) }
        guard let stream = fdopendir(descriptor) else {
            close(descriptor)
            return .failed
        }
        defer { closedir(stream) }
        var counted = ProcessDescriptors()
        let offset = MemoryLayout<dirent>.offset(of: \dirent.d_name) ?? 19
        var target = [UInt8](repeating: 0, count: socket.count)
        while let entry = readdir(stream) {
            let link = (UnsafeRawPointer(entry) + offset).assumingMemoryBound(to: CChar.self)
            guard link.pointee != CChar(bitPattern: UInt8(ascii: ".")) else { continue }
            // A file that was closed since the directory was read is not there any more.
            guard readlinkat(descriptor, link, &target, target.count) > 0 else { continue }
            counted.files += 1
            if target == socket { counted.sockets += 1 }
        }
        return .counted(counted)
    }

    private static let socket = Array("socket:[".utf8)

    private static func failure(_ code: Int32) -> Look {
        switch code {
        case ENOENT, ESRCH: .gone
        case EACCES, EPERM: .denied
        default: .failed
        }
    }
}
