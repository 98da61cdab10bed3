// SPDX-License-Identifier: Apache-2.0

/// The methods that a probe may use.
enum HTTPProbeMethod: String, CaseIterable, Sendable {
    case get = "GET"
    case head = "HEAD"
    case options = "OPTIONS"
    case post = "POST"
    case put = "PUT"
    case patch = "PATCH"
    case delete = "DELETE"

    /// Whether a request may be sent again when its connection broke before the answer (RFC 9110, 9.2.2).
    var isIdempotent: Bool { self != .post && self != .patch }

    /// Whether a request has a body.
    var takesBody: Bool { self == .post || self == .put || self == .patch || self == .delete }
}
