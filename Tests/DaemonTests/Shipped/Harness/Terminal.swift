// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

/// A pseudo terminal (pty(7)): what is written to `line` is read from `master`, by this test or by nobody.
final class Terminal: Sendable {
    let master: Int32
    /// Where a program writes.
    let line: Int32

    init() throws {
        let master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        try #require(master >= 0, "no pseudo terminal: errno \(errno)")
        self.master = master
        var (unlocked, number) = (Int32(0), Int32(0))
        // TIOCSPTLCK and TIOCGPTN, which are macros.
        let isOpen = ioctl(master, 0x4004_5431, &unlocked) == 0 && ioctl(master, 0x8004_5430, &number) == 0
        line = isOpen ? open("/dev/pts/\(number)", O_RDWR | O_NOCTTY | O_CLOEXEC) : -1
        if line < 0 { close(master) }
        try #require(line >= 0, "no line of pseudo terminal \(number): errno \(errno)")
    }

    deinit {
        close(master)
        close(line)
    }

    /// Holds the output, as ^S does.
    func hold() { tcflow(line, TCOOFF) }

    /// Lets it go on, as ^Q does.
    func release() { tcflow(line, TCOON) }

    /// Whether writing to the line waits for room, as everybody expects who shares it.
    var isBlocking: Bool { fcntl(line, F_GETFL) & O_NONBLOCK == 0 }

    /// What was written so far, as much as there is now.
    func read() -> String {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        var ready = pollfd(fd: master, events: Int16(POLLIN), revents: 0)
        while poll(&ready, 1, 0) == 1, ready.revents & Int16(POLLIN) != 0 {
            let count = Glibc.read(master, &buffer, buffer.count)
            guard count > 0 else { break }
            bytes += buffer[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
