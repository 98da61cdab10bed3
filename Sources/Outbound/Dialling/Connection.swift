// SPDX-License-Identifier: Apache-2.0

package import NIOCore
import NIOSSL
package import Vitals

/// An open connection, TLS done.
package struct Connection {
    /// The channel; its pipeline is what the dial was told to build.
    package let channel: any Channel
    /// When it was opened.
    package let opened: Instant
    /// What the handshake showed; nil without TLS.
    package let tls: TLSFindings?
    /// Why an older answer of the name servers was used; nil for a fresh one.
    package let staleName: ResolveFailure?
}

extension Channel {
    /// Closes at once, without TLS's good-bye, for which a peer that hangs would have to be waited for.
    ///
    /// Only on the channel's event loop.
    package func cut() {
        // A close that starts at the TLS handler's context goes on towards the socket and passes the handler by.
        if let context = try? pipeline.syncOperations.context(handlerType: NIOSSLClientHandler.self) {
            context.close(promise: nil)
        } else {
            close(promise: nil)
        }
    }
}
