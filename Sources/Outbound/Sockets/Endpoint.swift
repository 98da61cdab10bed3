// SPDX-License-Identifier: Apache-2.0

/// Where a stream socket connects to.
package enum Endpoint: Hashable, Sendable {
    /// TCP.
    case address(HostAddress)
    /// A Unix socket by its path.
    case path(String)
}
