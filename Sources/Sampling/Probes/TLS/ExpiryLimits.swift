// SPDX-License-Identifier: Apache-2.0

import Vitals

/// When the expiry of a server's certificate becomes a worry.
struct ExpiryLimits: Sendable, Hashable {
    /// Time left below which a certificate is a warning; nil where nothing is said of it.
    var warn: Duration? = ExpiryLimits.defaultWarn
    /// Time left below which a certificate is a failure; nil where nothing is said of it.
    var fail: Duration? = ExpiryLimits.defaultFail

    /// Two weeks leave time to renew by hand.
    static let defaultWarn = Duration.seconds(14 * 86_400)
    /// Three days are a weekend.
    static let defaultFail = Duration.seconds(3 * 86_400)
    /// Ten years: beyond, a threshold is a slip of the pen.
    private static let longest = Duration.seconds(3650 * 86_400)

    /// The default limits.
    init() {}

    /// Reads the keys `warnExpiry` and `failExpiry` of an object `tls`; `verify` is what it says of verification.
    init(reading object: inout ConfigurationObject, verify: Bool) {
        let range = Duration.zero...Self.longest
        if verify || object.has("warnExpiry") {
            warn = object.duration("warnExpiry", default: Self.defaultWarn, in: range)
        } else {
            // Who does not ask for valid dates is not told about them unbidden.
            warn = nil
            _ = object.raw("warnExpiry")
        }
        if verify || object.has("failExpiry") {
            fail = object.duration("failExpiry", default: Self.defaultFail, in: range)
        } else {
            fail = nil
            _ = object.raw("failExpiry")
        }
        guard let warn, let fail, warn < fail else { return }
        if object.has("failExpiry") {
            object.fault(
                "failExpiry", "is longer than `warnExpiry`",
                remedy: "Make it the shorter one: the warning comes first.")
        } else {
            // Only the warning was written down: the failure never comes before it.
            self.fail = warn
        }
    }
}
