// SPDX-License-Identifier: Apache-2.0

import Vitals

extension ProbeResult {
    /// A fact by name.
    func fact(_ name: String) -> Fact.Value? { facts.first { $0.name == name }?.value }
}
