// SPDX-License-Identifier: Apache-2.0

/// Which vitald this is; daemon and client are built from the same source.
package enum Version {
    /// The version.
    package static let text = "0.1.0"
}
