// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore

extension HostAddress {
    /// The address as NIO takes it; the scope of a link-local address stays.
    var socketAddress: SocketAddress {
        withSockaddr { address, _ in
            let raw = UnsafeRawPointer(address)
            return family == AF_INET
                ? SocketAddress(raw.loadUnaligned(as: sockaddr_in.self), host: numeric)
                : SocketAddress(raw.loadUnaligned(as: sockaddr_in6.self), host: numeric)
        }
    }
}
