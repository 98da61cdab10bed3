// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A pair of sockets by which other threads wake the journal's: pipe2(2) is not in Swift's Glibc, and pipe(2) lets
/// a helper that is being started inherit the ends. Its descriptors live as long as anybody holds it.
final class JournalBell: Sendable {
    /// The end to wait on.
    let listening: Int32
    private let rope: Int32

    /// Makes a bell; without descriptors it is mute, and the reader hears with its next round.
    init() {
        var ends: [Int32] = [-1, -1]
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        if socketpair(AF_UNIX, type, 0, &ends) != 0 { ends = [-1, -1] }
        listening = ends[0]
        rope = ends[1]
    }

    deinit {
        if listening >= 0 { close(listening) }
        if rope >= 0 { close(rope) }
    }

    /// Wakes whoever waits; a full socket wakes them already.
    func ring() {
        var byte: UInt8 = 1
        _ = write(rope, &byte, 1)
    }

    /// Takes what was rung.
    func silence() {
        withUnsafeTemporaryAllocation(byteCount: 64, alignment: 1) { buffer in
            while read(listening, buffer.baseAddress, buffer.count) > 0 {}
        }
    }
}
