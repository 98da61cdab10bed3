// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// The machine at the other end of a TCP connection, as far as it is counted.
///
/// Of IPv6 the network of 64 bits counts: each of its machines has any number of addresses within it.
struct PeerAddress: Hashable, Sendable {
    private let bits: UInt64
    /// How many bits of it count: 32 of IPv4.
    private let width: UInt8
    /// Whether it is this machine itself.
    let isLoopback: Bool

    /// Reads a socket's address; nil for a Unix socket.
    init?(_ address: SocketAddress) {
        // ip(7), ipv6(7): family, port, address; family, port, flow, address.
        let bytes: ArraySlice<UInt8> = address.withSockAddr { pointer, size in
            Array(UnsafeRawBufferPointer(start: pointer, count: size))[...]
        }
        switch address {
        case .v4: self.init(four: Self.number(bytes[4..<8]))
        case .v6: self.init(six: bytes[8..<24])
        case .unixDomainSocket: return nil
        }
    }

    private init(four: UInt64) {
        bits = four
        width = 32
        isLoopback = four >> 24 == 127
    }

    private init(six bytes: ArraySlice<UInt8>) {
        if bytes.starts(with: Self.mapped) {
            // A listener for both families sees ::ffff:192.0.2.1.
            self.init(four: Self.number(bytes.suffix(4)))
        } else {
            self.init(network: Self.number(bytes.prefix(8)), Self.number(bytes.suffix(8)))
        }
    }

    private init(network: UInt64, _ machine: UInt64) {
        bits = network
        width = 64
        isLoopback = network == 0 && machine == 1
    }

    private init(network: UInt64, width: UInt8) {
        bits = network
        self.width = width
        isLoopback = false
    }

    /// Whether it is one of many networks of somebody: of IPv6, whole sites get a /56 or a /48.
    var hasNetworks: Bool { width == 64 && !isLoopback }

    /// The network of so many bits that it is in.
    func network(_ width: UInt8) -> PeerAddress {
        PeerAddress(network: bits & UInt64.max << UInt64(64 - width), width: width)
    }

    /// What it is counted as: this machine has many addresses.
    var machine: PeerAddress { isLoopback ? .loopback : self }

    /// Whether it is counted as the same one.
    func isSameMachine(as other: PeerAddress) -> Bool { machine == other.machine }

    /// This machine itself.
    static let loopback = PeerAddress(four: 127 << 24 | 1)

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }

    private static let mapped: [UInt8] = Array(repeating: 0, count: 10) + [0xFF, 0xFF]
}
