// SPDX-License-Identifier: Apache-2.0

import Outbound
import Vitals

extension ProbeResult {
    /// Says that the name no longer resolves and an earlier address was used. The outcome stays what was found
    /// there, for the target is what the check is about; a graver reason stays in front.
    mutating func note(_ staleName: ResolveFailure) {
        if reason == nil { reason = staleName.reason }
        message += "; an earlier address was used: \(staleName.message)"
    }
}
