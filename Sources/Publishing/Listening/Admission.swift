// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore

/// Somebody who has just connected.
struct Newcomer {
    /// The connection, which is still the listener's.
    let descriptor: CInt
    /// Where it comes from, over TCP.
    let address: SocketAddress?

    /// Whether it has left without a word, as those do who only connect: nothing needs to be made of it.
    var isGone: Bool {
        var byte: UInt8 = 0
        return recv(descriptor, &byte, 1, CInt(MSG_PEEK | MSG_DONTWAIT)) == 0
    }
}

/// Whether a connection is let in.
enum Admission {
    /// It is; what stands behind it is set up before the first byte is read.
    case admitted(_ setUp: (any Channel) throws -> Void)
    /// It is not.
    case refused(Rejection)
}

/// How a connection is refused.
struct Rejection {
    /// What it gets to read; nil where it could not read it.
    var words: ByteBuffer?
    /// Whether the reason is that no descriptors are free: then it is closed at once, and the log tells.
    var isForDescriptors = false

    /// Closed without a word: it is gone already, or expects a handshake.
    static let silent = Rejection()
}
