// SPDX-License-Identifier: Apache-2.0

import Vitals

/// The probe of a check whose configuration was refused; such a check never runs, but a probe has to be something.
final class UnusableProbe: Probe {
    func attempt(_ attempt: Attempt, done: @escaping @Sendable (ProbeResult) -> Void) {
        done(
            ProbeResult(
                .unknown, reason: "inconclusive.configuration", message: "the check is not configured"))
    }

    func close() {}
}
