// SPDX-License-Identifier: Apache-2.0

/// `unsubscribe`: no more events on this connection.
package enum Unsubscribe {
    /// The method.
    package static let method = SocketMethod(
        "unsubscribe", role: .read, "Ends the events of this connection.",
        result: "subscribed: whether there was a subscription to end")
}
