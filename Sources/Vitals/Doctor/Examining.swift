// SPDX-License-Identifier: Apache-2.0

/// Who looks at what vitald can and cannot see on this machine.
package protocol Examining: Sendable {
    /// Hands over what was found, in the order of the subjects, at the latest after a few seconds: what does not answer
    /// is unknown. Returns at once; `use` is called exactly once, on any thread.
    func examine(_ use: @escaping @Sendable ([Diagnosis]) -> Void)
}
