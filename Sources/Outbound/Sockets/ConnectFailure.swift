// SPDX-License-Identifier: Apache-2.0

/// Why a socket did not connect or did not stay connected.
package enum ConnectFailure: Error, Hashable {
    /// The deadline passed.
    case timeout
    /// The kernel said why (errno(3)).
    case refused(errno: Int32)
}
