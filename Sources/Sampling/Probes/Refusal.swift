// SPDX-License-Identifier: Apache-2.0

import Outbound
import Vitals

/// The verdict of an attempt that ends before its target could be asked.
struct Refusal: Error {
    let result: ProbeResult

    init(_ result: ProbeResult) { self.result = result }

    init(_ failure: ResolveFailure) {
        result = ProbeResult(failure.outcome, reason: failure.reason, message: failure.message)
    }
}
