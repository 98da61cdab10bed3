// SPDX-License-Identifier: Apache-2.0

package import Vitals

/// The passive kinds of check, which are fed by pushes. A new kind is one file and one line here.
package enum ReceivingCatalog {
    /// Every kind, in the order of the manual.
    package static let all: [any PassiveKind.Type] = [HeartbeatKind.self, PushedKind.self]
}
