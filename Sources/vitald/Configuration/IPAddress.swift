// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Addresses between their text and their bytes, as inet_pton(3) reads them.
enum IPAddress {
    /// `::1`.
    static let loopback6: [UInt8] = Array(repeating: 0, count: 15) + [1]

    /// The four bytes of a dotted address; nil for anything else.
    static func four(_ text: String) -> [UInt8]? { bytes(text, family: AF_INET, count: 4) }

    /// The sixteen bytes of an IPv6 address without zone; nil for anything else.
    static func six(_ text: String) -> [UInt8]? { bytes(text, family: AF_INET6, count: 16) }

    private static func bytes(_ text: String, family: Int32, count: Int) -> [UInt8]? {
        guard !text.utf8.contains(0) else { return nil }
        var out = [UInt8](repeating: 0, count: count)
        return inet_pton(family, text, &out) == 1 ? out : nil
    }
}
