// SPDX-License-Identifier: Apache-2.0

import Outbound

/// What a tcp probe does at each attempt.
struct TCPPlan: Sendable {
    let dial: Dial.Plan
    let expiry: ExpiryLimits
    let send: [UInt8]
    let expected: ExpectedBytes?
}
