// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Addresses as connect(2) takes them, for tests that speak raw bytes.
package enum SocketAddressBytes {
    /// 127.0.0.1 and a port.
    package static func loopback(port: Int) -> [UInt8] {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(truncatingIfNeeded: port)).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return withUnsafeBytes(of: &address) { Array($0) }
    }

    /// A Unix socket by its path.
    package static func unix(path: String) -> [UInt8] {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        return withUnsafeBytes(of: &address) { Array($0) }
    }
}
