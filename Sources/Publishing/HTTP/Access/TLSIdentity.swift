// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOSSL
import Synchronization
package import Vitals

/// The server's certificate with its key, and whose client certificates it takes: everything that a handshake
/// needs, proven.
package final class TLSIdentity: Sendable {
    /// The oldest version of TLS that is spoken.
    package enum Version: String, CaseIterable, Sendable {
        /// Every client of the last ten years speaks it.
        case v12 = "1.2"
        /// For those who have no older clients.
        case v13 = "1.3"
    }

    /// What of the material cannot be used.
    package enum Fault: Error, Equatable {
        /// No certificate stands there.
        case certificate
        /// No key without a passphrase stands there.
        case key
        /// The key is that of another certificate.
        case pair
        /// No certificate of an authority stands there.
        case authorities
    }

    /// Which clients are believed; a connection lives no longer than what it was admitted by.
    struct Trust: Equatable {
        let authorities: [UInt8]?
        let names: [String]
    }

    /// A client that does not finish its handshake's good-bye is left alone soon.
    private static let farewell = TimeAmount.seconds(1)

    let trust: Trust
    let clientNames: ClientNames
    /// The value of `Strict-Transport-Security`, where it is sent.
    let transportSecurity: String?
    private let configuration: TLSConfiguration
    private let office: Mutex<Office>

    /// What connections are served with at the moment.
    private struct Office {
        var context: NIOSSLContext
        var handshakes = 0
        var renewals = 0
    }

    /// The library remembers the session of every client without tickets, up to 20,000 of them at half a KiB, and
    /// NIOSSL cannot tell it not to: after so many handshakes it gets a new memory. Whoever comes back to the old one
    /// shakes hands anew.
    static let handshakesPerContext = 1000

    /// Proves the material: PEM of the certificate with its intermediates, of its key, and of the authorities whose
    /// clients alone are let in (nil asks clients for no certificate). `names` narrows them to those whose
    /// certificates vouch for one of these; empty takes all. `strictTransport` tells browsers to come back over
    /// TLS only.
    package init(
        certificate: [UInt8], key: Secret, clientAuthorities: [UInt8]? = nil, names: [String] = [],
        minimum: Version = .v12, strictTransport: Duration? = nil
    ) throws(Fault) {
        guard let chain = Self.certificates(certificate) else { throw .certificate }
        let read = key.reveal { try? NIOSSLPrivateKey(bytes: Array($0.utf8), format: .pem) }
        guard let read else { throw .key }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(read))
        configuration.minimumTLSVersion = minimum == .v12 ? .tlsv12 : .tlsv13
        configuration.applicationProtocols = ["http/1.1"]
        configuration.shutdownTimeout = Self.farewell
        if let clientAuthorities {
            guard let authorities = Self.certificates(clientAuthorities) else { throw .authorities }
            // "NoHostname": a client has none; chain and dates are verified, and none is a refused handshake.
            configuration.certificateVerification = .noHostnameVerification
            configuration.trustRoots = .certificates(authorities)
        }
        do {
            office = Mutex(Office(context: try NIOSSLContext(configuration: configuration)))
        } catch { throw .pair }
        self.configuration = configuration
        trust = Trust(authorities: clientAuthorities, names: names)
        clientNames = ClientNames(names)
        transportSecurity = strictTransport.map { "max-age=\($0.components.seconds)" }
    }

    /// What speaks TLS on one connection.
    func handler() -> NIOSSLServerHandler {
        let context = office.withLock { office in
            office.handshakes += 1
            if office.handshakes > Self.handshakesPerContext,
                let next = try? NIOSSLContext(configuration: configuration)
            {
                office = Office(context: next, handshakes: 1, renewals: office.renewals + 1)
            }
            return office.context
        }
        return NIOSSLServerHandler(context: context)
    }

    /// How often the library forgot the sessions of before.
    var renewals: Int { office.withLock { $0.renewals } }

    private static func certificates(_ pem: [UInt8]) -> [NIOSSLCertificate]? {
        guard let certificates = try? NIOSSLCertificate.fromPEMBytes(pem), !certificates.isEmpty else {
            return nil
        }
        return certificates
    }
}
