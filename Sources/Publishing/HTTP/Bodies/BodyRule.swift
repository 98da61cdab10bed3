// SPDX-License-Identifier: Apache-2.0

/// What a route takes beside the request's head.
package enum BodyRule: Sendable, Equatable {
    /// No body: one that is announced is neither read nor skipped.
    case nothing
    /// A body of one of these media types, up to so many bytes after inflation; it may be absent.
    case upTo(bytes: Int, types: [String])

    /// The bytes of a push, after inflation.
    package static let pushBytes = 1_048_576

    /// A push in JSON.
    package static let push = BodyRule.upTo(bytes: pushBytes, types: ["application/json"])
}
