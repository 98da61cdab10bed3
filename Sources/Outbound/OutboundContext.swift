// SPDX-License-Identifier: Apache-2.0

package import NIOCore
package import Threads
package import Vitals

/// What calls to other machines are made with.
package struct OutboundContext: Sendable {
    /// The clocks.
    package let time: any TimeSource
    /// Threads for resolving names and for reading the files of TLS.
    package let lanes: Lanes
    /// The event loop on which connections live, and on which all callbacks come.
    package let eventLoop: any EventLoop
    /// The prepared TLS contexts, shared by all calls.
    package let tls: TLSContexts

    /// Makes a context.
    package init(time: any TimeSource, lanes: Lanes, eventLoop: any EventLoop, tls: TLSContexts) {
        self.time = time
        self.lanes = lanes
        self.eventLoop = eventLoop
        self.tls = tls
    }
}
