// SPDX-License-Identifier: Apache-2.0

/// The methods of requests.
package enum HTTPRequestMethod: String, CaseIterable, Sendable {
    /// Reads.
    case get = "GET"
    /// Reads the head alone.
    case head = "HEAD"
    /// Asks what is allowed.
    case options = "OPTIONS"
    /// Does something; not idempotent.
    case post = "POST"
    /// Replaces.
    case put = "PUT"
    /// Changes; not idempotent.
    case patch = "PATCH"
    /// Removes.
    case delete = "DELETE"

    /// Whether a request may be sent again when its connection broke before the answer (RFC 9110, 9.2.2).
    package var isIdempotent: Bool { self != .post && self != .patch }

    /// Whether a request has a body.
    package var takesBody: Bool { self == .post || self == .put || self == .patch || self == .delete }
}
