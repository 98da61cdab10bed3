// SPDX-License-Identifier: Apache-2.0

import NIOHTTP1
import Vitals

/// What a request brings along to be let in by.
enum Credentials {
    /// Nothing.
    case none
    /// A user's name and password (RFC 7617).
    case basic(user: String, password: Secret)
    /// A token (RFC 6750).
    case bearer(Secret)
    /// Something else, or two of them.
    case unreadable

    /// Reads the header fields `Authorization`.
    init(_ headers: HTTPHeaders) {
        let fields = headers["authorization"]
        guard let field = fields.first else {
            self = .none
            return
        }
        let bytes = Array(field.utf8)
        guard fields.count == 1, let blank = bytes.firstIndex(of: 0x20) else {
            self = .unreadable
            return
        }
        let value = bytes[blank...].drop { $0 == 0x20 }
        switch String(decoding: bytes[..<blank], as: UTF8.self).lowercased() {
        case "basic":
            guard let pair = Self.decoded(value), let colon = pair.firstIndex(of: UInt8(ascii: ":")),
                let user = String(validating: pair[..<colon], as: UTF8.self),
                let password = String(validating: pair[(colon + 1)...], as: UTF8.self)
            else {
                self = .unreadable
                return
            }
            self = .basic(user: user, password: Secret(password))
        case "bearer": self = .bearer(Secret(String(decoding: value, as: UTF8.self)))
        default: self = .unreadable
        }
    }

    /// Base 64 (RFC 4648), with or without its padding; nil for anything else.
    private static func decoded(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        var out: [UInt8] = []
        var (bits, count) = (UInt32(0), 0)
        let padding = text.reversed().prefix { $0 == UInt8(ascii: "=") }.count
        guard padding <= 2, padding == 0 || text.count % 4 == 0 else { return nil }
        for byte in text.dropLast(padding) {
            guard let digit = digit(byte) else { return nil }
            bits = bits << 6 | digit
            count += 6
            if count >= 8 {
                count -= 8
                out.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            }
        }
        return count == 6 ? nil : out
    }

    private static func digit(_ byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(byte - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(byte - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
