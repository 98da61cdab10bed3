// SPDX-License-Identifier: Apache-2.0

package import NIOHTTP1

/// A rule that every request must keep before its route is asked, such as a list of allowed hosts or a login.
package protocol RequestRule: Sendable {
    /// The answer that refuses the request, or nil where the rule is kept.
    func refusal(of request: HTTPRequestHead) -> HTTPAnswer?
}

/// HTTP/1.1 wants exactly one Host (RFC 9112, section 3.2); two of them are how a request is smuggled past
/// whatever stands in front.
struct HostRule: RequestRule {
    func refusal(of request: HTTPRequestHead) -> HTTPAnswer? {
        let count = request.headers["host"].count
        if count == 1 || (count == 0 && request.version.isBefore1_1) { return nil }
        return .refusal(.badRequest, "400: a request has exactly one Host header; this one has \(count).")
    }
}

extension HTTPVersion {
    /// Whether the client speaks HTTP/1.0: no Host is needed, and connections end unless it asks otherwise.
    var isBefore1_1: Bool { major < 1 || (major == 1 && minor < 1) }
}
