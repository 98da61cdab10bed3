// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// What a listener does when the descriptors run out (EMFILE, ENFILE): it pauses for a second and tries again.
///
/// Without it the loop would spin: the listening socket stays readable, and every accept(2) fails. NIO adds its
/// handler by itself only to listeners that are asynchronous sequences.
enum AcceptPause {
    /// Puts the pause in front of what accepts.
    @Sendable
    static func add(to listener: any Channel) -> EventLoopFuture<Void> {
        listener.eventLoop.makeCompletedFuture {
            try listener.pipeline.syncOperations.addHandler(
                AcceptBackoffHandler(shouldForwardIOErrorCaught: false))
        }
    }
}
