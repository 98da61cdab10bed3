// SPDX-License-Identifier: Apache-2.0

/// What a tcp probe does at each attempt.
struct TCPPlan: Sendable {
    let dial: Dial.Plan
    let send: [UInt8]
    let expected: ExpectedBytes?
}
