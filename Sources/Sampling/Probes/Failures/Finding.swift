// SPDX-License-Identifier: Apache-2.0

import Vitals

/// One thing found out about an answer.
struct Finding: Sendable, Hashable {
    let outcome: Outcome
    let reason: Reason
    let text: String

    init(_ outcome: Outcome, _ reason: Reason, _ text: String) {
        self.outcome = outcome
        self.reason = reason
        self.text = text
    }
}
