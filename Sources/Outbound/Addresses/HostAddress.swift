// SPDX-License-Identifier: Apache-2.0

package import Glibc

/// One numeric address with a port, as connect(2) takes it.
package struct HostAddress: Sendable, Hashable, CustomStringConvertible {
    /// The bytes of the `sockaddr_in` or `sockaddr_in6`.
    package let bytes: [UInt8]
    /// The address alone in numbers: `127.0.0.1`, `::1`, `fe80::1%eth0`.
    package let numeric: String

    /// Copies an address of family AF_INET or AF_INET6; nil for every other one.
    package init?(_ address: UnsafePointer<sockaddr>, length: socklen_t, port: UInt16) {
        let family = Int32(address.pointee.sa_family)
        let least = family == AF_INET ? MemoryLayout<sockaddr_in>.size : MemoryLayout<sockaddr_in6>.size
        guard family == AF_INET || family == AF_INET6, Int(length) >= least else { return nil }
        var bytes = [UInt8](UnsafeRawBufferPointer(start: UnsafeRawPointer(address), count: Int(length)))
        // sin_port and sin6_port stand at the same place, in network byte order.
        bytes[2] = UInt8(port >> 8)
        bytes[3] = UInt8(port & 0xFF)
        var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        let code = getnameinfo(address, length, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
        guard code == 0 else { return nil }
        self.bytes = bytes
        numeric = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The address of a text in numbers; nil for a name. Never asks anybody.
    package static func literal(_ host: String, port: UInt16) -> HostAddress? {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_NUMERICHOST
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, nil, &hints, &list) == 0 else { return nil }
        defer { freeaddrinfo(list) }
        guard let first = list?.pointee, let address = first.ai_addr else { return nil }
        return HostAddress(address, length: first.ai_addrlen, port: port)
    }

    /// AF_INET or AF_INET6.
    package var family: Int32 { withSockaddr { address, _ in Int32(address.pointee.sa_family) } }

    /// The port.
    package var port: UInt16 { UInt16(bytes[2]) << 8 | UInt16(bytes[3]) }

    /// The same address with another port.
    package func with(port: UInt16) -> HostAddress {
        var changed = bytes
        changed[2] = UInt8(port >> 8)
        changed[3] = UInt8(port & 0xFF)
        return HostAddress(bytes: changed, numeric: numeric)
    }

    private init(bytes: [UInt8], numeric: String) {
        self.bytes = bytes
        self.numeric = numeric
    }

    /// Hands the address to a call such as connect(2).
    package func withSockaddr<R>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> R) -> R {
        var storage = sockaddr_storage()
        return withUnsafeMutableBytes(of: &storage) { raw in
            raw.copyBytes(from: bytes.prefix(raw.count))
            return raw.withMemoryRebound(to: sockaddr.self) { buffer in
                guard let base = buffer.baseAddress else {
                    var empty = sockaddr()
                    return body(&empty, 0)
                }
                return body(base, socklen_t(bytes.count))
            }
        }
    }

    /// `127.0.0.1:80`, `[::1]:80`.
    package var description: String {
        numeric.utf8.contains(UInt8(ascii: ":")) ? "[\(numeric)]:\(port)" : "\(numeric):\(port)"
    }
}
