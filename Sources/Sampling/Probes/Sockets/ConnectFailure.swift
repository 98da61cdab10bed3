// SPDX-License-Identifier: Apache-2.0

import Vitals

/// Why a socket did not connect or did not stay connected.
enum ConnectFailure: Error, Hashable {
    /// The deadline passed.
    case timeout
    /// The kernel said why (errno(3)).
    case refused(errno: Int32)

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
