// SPDX-License-Identifier: Apache-2.0

/// What one attempt of a check showed, from best to worst; `unknown` is evidence of nothing.
package enum Outcome: UInt8, CaseIterable, Sendable {
    /// All is as expected.
    case pass
    /// It answers, but not as it should.
    case warn
    /// It does not do its work; a timeout is a fail.
    case fail
    /// vitald itself could not probe (no descriptors, missing credential, stuck helper).
    case unknown

    /// The wire's word: `pass`, `warn`, `fail`, `unknown`.
    package var word: String {
        switch self {
        case .pass: "pass"
        case .warn: "warn"
        case .fail: "fail"
        case .unknown: "unknown"
        }
    }
}
