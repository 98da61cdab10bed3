// SPDX-License-Identifier: Apache-2.0

import NIOSSL

/// What we want to know of one certificate.
package struct CertificateFacts: Sendable, Hashable {
    /// A name that a certificate vouches for (RFC 5280, 4.2.1.6).
    package enum Name: Sendable, Hashable {
        /// A DNS name, lower case; its first label may be `*`.
        case dns([UInt8])
        /// An address: 4 or 16 bytes.
        case address([UInt8])
    }

    /// Seconds since 1970 from which it holds.
    package var notBefore: Int64
    /// Seconds since 1970 until which it holds.
    package var notAfter: Int64
    /// The names it vouches for; empty for authorities and for certificates with nothing but a common name.
    package var names: [Name]

    /// Makes facts by hand.
    package init(notBefore: Int64, notAfter: Int64, names: [Name] = []) {
        self.notBefore = notBefore
        self.notAfter = notAfter
        self.names = names
    }

    /// Reads a certificate.
    init(_ certificate: NIOSSLCertificate) {
        notBefore = Int64(certificate.notValidBefore)
        notAfter = Int64(certificate.notValidAfter)
        names = certificate._subjectAlternativeNames().compactMap { name in
            let bytes = name.contents.withUnsafeBufferPointer { Array($0) }
            switch name.nameType {
            case .dnsName: return .dns(bytes.map(HostText.lowercased))
            case .ipAddress: return .address(bytes)
            default: return nil
            }
        }
    }

    /// Whether it vouches for this host, a name or an address (RFC 6125: a `*` stands for one whole first label).
    package func vouches(for host: String) -> Bool {
        if let address = HostText.addressBytes(host) { return names.contains(.address(address)) }
        var wanted = host.utf8.map(HostText.lowercased)
        if wanted.last == UInt8(ascii: ".") { wanted.removeLast() }
        return names.contains { name in
            guard case .dns(let pattern) = name else { return false }
            if pattern == wanted { return true }
            guard pattern.starts(with: [UInt8(ascii: "*"), UInt8(ascii: ".")]),
                let dot = wanted.firstIndex(of: UInt8(ascii: ".")), dot > 0
            else { return false }
            return pattern[1...] == wanted[dot...]
        }
    }
}
