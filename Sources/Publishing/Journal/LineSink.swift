// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Takes lines without ever blocking, whatever its reader does.
package protocol LineSink: Sendable {
    /// Hands over a line, or what is left of it.
    func offer(_ line: ArraySlice<UInt8>) -> LineDelivery

    /// How many lines were taken and could not be written after all; each is told once.
    func losses() -> Int

    /// Whether everything that was taken is written, or never will be.
    var isIdle: Bool { get }

    /// Writes a line that was never taken, where that is still possible: at the end, when waiting harms nobody.
    func force(_ line: ArraySlice<UInt8>)
}

extension LineSink {
    /// A sink that writes at once reports a loss at once.
    package func losses() -> Int { 0 }
    /// A sink that writes at once has nothing under way.
    package var isIdle: Bool { true }
    /// What a sink that writes at once did not take has no reader.
    package func force(_ line: ArraySlice<UInt8>) {}
}

/// What became of a line.
package enum LineDelivery: Sendable, Equatable {
    /// So many of its bytes are taken; what is left of it comes next.
    case taken(Int)
    /// The reader takes nothing now.
    case full
    /// It cannot be written: its reader is gone, or the file may not grow.
    case lost
}

/// Writes lines to a socket, or to a descriptor that is non-blocking: poll(2) is no help, for a terminal calls itself
/// writable when it has room for one letter.
package struct StreamSink: LineSink {
    /// PIPE_BUF of Linux (pipe(7)): so much is written whole or not at all.
    static let maximumLine = 4096

    private let descriptor: Int32
    private let isSocket: Bool

    /// Makes a sink; the descriptor has to be non-blocking unless it is a socket.
    package init(descriptor: Int32) {
        var info = stat()
        self.descriptor = descriptor
        isSocket = fstat(descriptor, &info) == 0 && info.st_mode & S_IFMT == S_IFSOCK
    }

    package func offer(_ line: ArraySlice<UInt8>) -> LineDelivery {
        while true {
            let count = line.withUnsafeBytes {
                isSocket
                    ? send(descriptor, $0.baseAddress, $0.count, CInt(MSG_DONTWAIT) | CInt(MSG_NOSIGNAL))
                    : Glibc.write(descriptor, $0.baseAddress, $0.count)
            }
            if count > 0 { return .taken(count) }
            switch count < 0 ? errno : EAGAIN {
            case EINTR: continue
            // A disk that is full now may have room later.
            case EAGAIN, ENOBUFS, ENOMEM, ENOSPC, EDQUOT: return .full
            default: return .lost
            }
        }
    }
}
