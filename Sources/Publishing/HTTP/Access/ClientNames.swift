// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOSSL

/// The names of which a client's certificate must vouch for one, as `client_allowed_sans` of Prometheus' exporters
/// has them: a DNS name, an address, an e-mail address or a URI, each compared whole.
struct ClientNames: Sendable {
    /// One name in a certificate (RFC 5280, 4.2.1.6).
    enum Name: Hashable, Sendable {
        /// A DNS name, in lower case.
        case dns([UInt8])
        /// The 4 or 16 bytes of an address.
        case address([UInt8])
        /// An e-mail address.
        case email([UInt8])
        /// A URI, such as `spiffe://example.org/prometheus`.
        case uri([UInt8])
    }

    private let wanted: Set<Name>

    /// Reads the names; which of the kinds one is meant to be is left open where its text allows several.
    init(_ texts: [String]) {
        var wanted: Set<Name> = []
        for text in texts {
            let bytes = Array(text.utf8)
            if let address = Self.address(text) { wanted.insert(.address(address)) }
            wanted.formUnion([.dns(Self.lowercased(bytes)), .email(bytes), .uri(bytes)])
        }
        self.wanted = wanted
    }

    /// Whether every client that was verified is let in.
    var isEmpty: Bool { wanted.isEmpty }

    /// Whether a certificate that was verified is one of those that are let in.
    func admit(_ certificate: NIOSSLCertificate?) -> Bool {
        if wanted.isEmpty { return true }
        guard let certificate else { return false }
        return admit(Self.names(in: certificate))
    }

    /// Whether one of these names is wanted.
    func admit(_ names: [Name]) -> Bool { wanted.isEmpty || names.contains { wanted.contains($0) } }

    private static func names(in certificate: NIOSSLCertificate) -> [Name] {
        certificate._subjectAlternativeNames().compactMap { name in
            let bytes = name.contents.withUnsafeBufferPointer { Array($0) }
            switch name.nameType {
            case .dnsName: return .dns(lowercased(bytes))
            case .ipAddress: return .address(bytes)
            case .email: return .email(bytes)
            case .uri: return .uri(bytes)
            default: return nil
            }
        }
    }

    private static func lowercased(_ bytes: [UInt8]) -> [UInt8] {
        bytes.map { $0 >= UInt8(ascii: "A") && $0 <= UInt8(ascii: "Z") ? $0 | 0x20 : $0 }
    }

    private static func address(_ text: String) -> [UInt8]? {
        guard !text.utf8.contains(0) else { return nil }
        for (family, count) in [(AF_INET, 4), (AF_INET6, 16)] {
            var bytes = [UInt8](repeating: 0, count: count)
            if inet_pton(family, text, &bytes) == 1 { return bytes }
        }
        return nil
    }
}
