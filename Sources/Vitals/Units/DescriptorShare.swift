// SPDX-License-Identifier: Apache-2.0

/// The descriptors that are promised to checks: neither clients nor kernel files that are kept open get them.
package enum DescriptorShare {
    /// How many of `limit` are kept for checks: each needs one while it asks. Of a very small limit it is a part, since
    /// others need some as well.
    package static func checks(of limit: Int) -> Int { min(32, max(0, limit) / 4) }
}
