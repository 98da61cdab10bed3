// SPDX-License-Identifier: Apache-2.0

import Outbound
import Vitals

/// The object `tls` of a check: how TLS is done, and when an expiry becomes a worry.
struct TLSKeys: Sendable, Hashable {
    var settings = TLSSettings()
    var expiry = ExpiryLimits()

    /// System authorities, full verification, default limits.
    init() {}

    /// Reads the object.
    init(reading object: inout ConfigurationObject) {
        settings = TLSSettings(reading: &object)
        expiry = ExpiryLimits(reading: &object, verify: settings.verify)
    }
}
