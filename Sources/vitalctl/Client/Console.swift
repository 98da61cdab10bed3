// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Where a command writes to, and in which manner.
struct Console {
    /// Whether colours are wanted: a terminal that is not dumb, and no $NO_COLOR (no-color.org).
    let paint: Paint

    static let standard = Console(
        paint: isatty(STDOUT_FILENO) == 1 && (variable("NO_COLOR") ?? "").isEmpty
            && variable("TERM") != "dumb"
            ? .coloured : .plain)

    /// Whether people look on: what goes to a file or a program is written once.
    var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

    /// How many characters a line of it holds: 80 where no terminal says otherwise.
    var width: Int {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

    /// Writes a text and a line feed to the standard output.
    func show(_ text: String) { Self.write(Array(text.utf8) + [0x0A], to: STDOUT_FILENO) }

    /// Writes bytes and a line feed to the standard output.
    func show(_ bytes: some Sequence<UInt8>) { Self.write(Array(bytes) + [0x0A], to: STDOUT_FILENO) }

    /// Writes a text to the standard output as it is.
    func raw(_ text: String) { Self.write(Array(text.utf8), to: STDOUT_FILENO) }

    /// Tells of trouble, on the standard error.
    func complain(_ text: String) {
        Self.write(Array("vitalctl: \(text)\n".utf8), to: STDERR_FILENO)
    }

    /// An environment variable; the one place where the client reads them.
    static func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

    private static func write(_ bytes: [UInt8], to descriptor: CInt) {
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress, $0.count)
            }
            if count < 0, errno == EINTR { continue }
            // A reader that has gone (`| head`) needs no complaint.
            guard count > 0 else { return }
            written += count
        }
    }
}
