// SPDX-License-Identifier: Apache-2.0

import Vitals

/// An address of this machine and a port: `127.0.0.1:9847`, `[::1]:9847`. Port 0 lets the kernel choose.
struct ListenAddress: Sendable, Hashable, CustomStringConvertible {
    /// The address as the kernel's parser reads it, without brackets.
    let host: String
    /// The port.
    let port: Int
    /// Whether only this machine can reach it: 127.0.0.0/8 or ::1.
    let isLoopback: Bool

    private let isIPv6: Bool

    /// Why a text is no such address, or may not be served.
    struct Problem: Error, Equatable {
        /// What is wrong; of a text that is no address a predicate, for the text may be a secret.
        let fact: String
        /// What to do about it.
        let remedy: String
    }

    /// Reads `ADDRESS:PORT`; names are refused, because what they mean may change between two starts.
    init(parsing text: String) throws(Problem) {
        let bytes = Array(text.utf8)
        guard let colon = bytes.lastIndex(of: UInt8(ascii: ":")), colon > 0 else {
            throw Problem(
                fact: bytes.first == UInt8(ascii: ":") ? "has no address" : "has no port",
                remedy: "Write an address and a port, for example \"127.0.0.1:9847\".")
        }
        let hostBytes = bytes[..<colon]
        let portText = String(decoding: bytes[(colon + 1)...], as: UTF8.self)
        guard !portText.isEmpty, portText.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }),
            let port = Int(portText), port <= 65_535
        else {
            throw Problem(
                fact: "has a port that is not a number from 0 to 65535",
                remedy: "Write for example \"127.0.0.1:9847\".")
        }
        let isBracketed = hostBytes.first == UInt8(ascii: "[") && hostBytes.last == UInt8(ascii: "]")
        let host = String(decoding: isBracketed ? hostBytes.dropFirst().dropLast() : hostBytes, as: UTF8.self)
        if isBracketed, let address = IPAddress.six(host) {
            isIPv6 = true
            isLoopback = address == IPAddress.loopback6
        } else if !isBracketed, let address = IPAddress.four(host) {
            isIPv6 = false
            isLoopback = address.first == 127
        } else if !isBracketed, IPAddress.six(host) != nil || IPAddress.six(text) != nil {
            throw Problem(
                fact: "is an IPv6 address without brackets",
                remedy: "Write \"[::1]:9847\".")
        } else {
            throw Problem(
                fact: "is not an IP address and a port",
                remedy: "Write an IPv4 address or an IPv6 address in brackets; for this machine alone "
                    + "\"127.0.0.1:\(port)\" or \"[::1]:\(port)\".")
        }
        self.host = host
        self.port = port
    }

    /// The same address with another port.
    func with(port: Int) -> ListenAddress {
        ListenAddress(host: host, port: port, isLoopback: isLoopback, isIPv6: isIPv6)
    }

    private init(host: String, port: Int, isLoopback: Bool, isIPv6: Bool) {
        self.host = host
        self.port = port
        self.isLoopback = isLoopback
        self.isIPv6 = isIPv6
    }

    /// Whether this, as somebody wrote it, means an address that the kernel has: port 0 is any.
    func names(_ other: ListenAddress) -> Bool {
        self == other || port == 0 && host == other.host && isIPv6 == other.isIPv6
    }

    /// Whether the kernel lets only one of the two be listened at: of two addresses of the same port, those that are the
    /// same, and every one beside 0.0.0.0 of its family or beside [::] (ipv6(7): IPV6_V6ONLY is off).
    func collides(with other: ListenAddress) -> Bool {
        port == other.port && (self == other || covers(other) || other.covers(self))
    }

    private func covers(_ other: ListenAddress) -> Bool {
        isIPv6 ? IPAddress.six(host)?.allSatisfy { $0 == 0 } == true : host == "0.0.0.0" && !other.isIPv6
    }

    /// The address as it is written.
    var description: String { isIPv6 ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
