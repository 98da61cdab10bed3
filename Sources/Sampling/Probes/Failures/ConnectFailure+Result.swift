// SPDX-License-Identifier: Apache-2.0

import Outbound
import Vitals

extension ConnectFailure {
    /// What it says about the target at `place`.
    func result(at place: String) -> ProbeResult {
        switch self {
        case .timeout:
            return ProbeResult(
                .fail, reason: "timeout.connect", message: "\(place) did not take the connection in time")
        case .refused(let code):
            let failure = ProbeFailure(errno: code, place: place)
            return ProbeResult(failure.outcome, reason: failure.reason, message: failure.message)
        }
    }
}
