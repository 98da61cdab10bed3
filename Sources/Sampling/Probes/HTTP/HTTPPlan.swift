// SPDX-License-Identifier: Apache-2.0

import Outbound
import Vitals

/// What an http probe does at each attempt.
struct HTTPPlan: Sendable {
    let request: HTTPRequest
    /// The connection to open.
    let dial: Dial.Plan
    let expect: HTTPExpectations
    let warnLatency: Duration?
    let failLatency: Duration?
    let expiry: ExpiryLimits

    init(_ check: HTTPCheck, _ place: HTTPTarget) {
        request = HTTPRequest(
            target: place, method: check.method, headers: check.headers, body: check.body,
            followRedirects: check.followRedirects)
        dial = Dial.Plan(endpoint: place.endpoint, tls: check.tls?.settings)
        expect = check.expect
        warnLatency = check.warnLatency
        failLatency = check.failLatency
        expiry = check.tls?.expiry ?? ExpiryLimits()
    }
}
