// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Reads a descriptor line by line, with a bound on the line and, where wanted, on the time.
struct LinePipe {
    /// What came.
    enum Event {
        /// A line without its line feed.
        case line(ArraySlice<UInt8>)
        /// The other side closed; a piece of a line before that is dropped.
        case end
        /// A failed read, or a line beyond the bound.
        case broken
        /// Nothing within the time.
        case late
    }

    private let descriptor: Int32
    private let maximumLine: Int
    private var buffer: [UInt8] = []

    /// Makes a reader; does not own the descriptor.
    init(_ descriptor: Int32, maximumLine: Int) {
        self.descriptor = descriptor
        self.maximumLine = maximumLine
    }

    /// Waits for the next line; `left` says how many milliseconds there still are, -1 for ever.
    mutating func next(left: () -> Int32 = { -1 }) -> Event {
        while true {
            if let end = buffer.firstIndex(of: UInt8(ascii: "\n")) {
                let line = ArraySlice(Array(buffer[..<end]))
                buffer.removeSubrange(...end)
                return .line(line)
            }
            guard buffer.count <= maximumLine else { return .broken }
            var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let ready = poll(&entry, 1, left())
            if ready == 0 { return .late }
            if ready < 0 {
                if errno == EINTR { continue }
                return .broken
            }
            let count = withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 1) { scratch in
                let count = read(descriptor, scratch.baseAddress, scratch.count)
                if count > 0 { buffer.append(contentsOf: scratch[..<count]) }
                return count
            }
            if count == 0 { return .end }
            if count < 0, errno != EINTR, errno != EAGAIN {
                // A socket whose other side died with unread bytes says so this way.
                return errno == ECONNRESET ? .end : .broken
            }
        }
    }

    /// Writes the whole line; false when the other side is gone. A short line into an empty pipe never blocks.
    static func send(_ line: [UInt8], to descriptor: Int32) -> Bool {
        var sent = 0
        while sent < line.count {
            let count = line.withUnsafeBytes { bytes in
                let rest = UnsafeRawBufferPointer(rebasing: bytes[sent...])
                // MSG_NOSIGNAL: a helper that died must not end the daemon by SIGPIPE.
                let count = Glibc.send(descriptor, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
                return count < 0 && errno == ENOTSOCK
                    ? write(descriptor, rest.baseAddress, rest.count) : count
            }
            if count > 0 { sent += count } else if count == 0 || errno != EINTR { return false }
        }
        return true
    }
}
