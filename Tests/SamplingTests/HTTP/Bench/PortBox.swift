// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A port that a script needs and that is known only once the server listens.
final class PortBox: Sendable {
    private let port = Atomic(0)

    /// The port's digits.
    var text: String { String(port.load(ordering: .relaxed)) }

    /// Tells the port.
    func set(_ port: Int) { self.port.store(port, ordering: .relaxed) }
}
