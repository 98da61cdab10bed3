// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Host names and addresses as people write them.
package enum HostText {
    /// The bytes of an IPv4 or IPv6 address, 4 or 16; nil for a name.
    package static func addressBytes(_ text: String) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET, text, &bytes) == 1 { return Array(bytes.prefix(4)) }
        return inet_pton(AF_INET6, text, &bytes) == 1 ? bytes : nil
    }

    /// Whether it is an address and not a name.
    package static func isAddress(_ text: String) -> Bool {
        // A zone (`fe80::1%eth0`, RFC 4007) is not part of the address.
        addressBytes(withoutZone(text)) != nil
    }

    /// Whether the address is link-local: 169.254.0.0/16 (RFC 3927), fe80::/10 (RFC 4291), also IPv4 within IPv6.
    package static func isLinkLocal(_ bytes: [UInt8]) -> Bool {
        if bytes.count == 4 { return bytes[0] == 169 && bytes[1] == 254 }
        guard bytes.count == 16 else { return false }
        if bytes[0] == 0xFE, bytes[1] & 0xC0 == 0x80 { return true }
        let mapped = bytes[..<10].allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF
        return mapped && bytes[12] == 169 && bytes[13] == 254
    }

    /// Whether it can be a host name: letters, digits, `-`, `.`, `_`, at most 253 bytes (RFC 1035, 2.3.4).
    package static func isName(_ text: String) -> Bool {
        let bytes = text.utf8
        return !bytes.isEmpty && bytes.count <= 253
            && bytes.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
                    UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }

    /// The small letter of an ASCII capital; everything else unchanged.
    package static func lowercased(_ byte: UInt8) -> UInt8 {
        byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
    }

    /// The address without its zone: `fe80::1` of `fe80::1%eth0`.
    package static func withoutZone(_ text: String) -> String {
        text.utf8.firstIndex(of: UInt8(ascii: "%")).map { String(text[..<$0]) } ?? text
    }
}
