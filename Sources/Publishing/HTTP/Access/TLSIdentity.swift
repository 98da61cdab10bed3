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
        /// There is no certificate.
        case certificate
        /// There is no key.
        case key
        /// The key has a passphrase.
        case passphrase
        /// The key is broken, or of a kind that the library does not know.
        case keyKind
        /// The key is that of another certificate.
        case pair
        /// The key is that of a certificate behind the first.
        case order
        /// The library refuses it for another reason, in its words.
        case refused(String)
        /// There is no CA certificate.
        case authorities
        /// There are certificates, but no CA certificate among them.
        case noAuthority
    }

    /// Which clients are believed; a connection lives no longer than what it was admitted by.
    struct Trust: Equatable {
        let authorities: [UInt8]?
        let names: [String]
    }

    /// A client that does not finish its handshake's good-bye is left alone soon.
    private static let farewell = TimeAmount.seconds(1)

    /// What clients may sign with: what the library takes by itself, and Ed25519, which it leaves out.
    private static let clientAlgorithms: [SignatureAlgorithm] = [
        .ecdsaSecp256R1Sha256, .rsaPssRsaeSha256, .rsaPkcs1Sha256, .ecdsaSecp384R1Sha384, .rsaPssRsaeSha384,
        .rsaPkcs1Sha384, .ed25519, .ecdsaSecp521R1Sha512, .rsaPssRsaeSha512, .rsaPkcs1Sha512, .rsaPkcs1Sha1,
    ]

    /// The suites of TLS 1.2: with forward secrecy and authenticated encryption. Those of CBC are left out, which have been
    /// broken again and again (Lucky 13, Zombie POODLE), and those without forward secrecy; every client of the last ten
    /// years has one of these. TLS 1.3 has no others.
    private static let cipherSuites = "ECDHE+AESGCM:ECDHE+CHACHA20"

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
    /// NIOSSL cannot tell it not to: after so many handshakes it gets a new memory. A client that returns with
    /// an old session makes a full handshake.
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
        let read = try Self.key(key)
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(read))
        configuration.verifySignatureAlgorithms = Self.clientAlgorithms
        configuration.minimumTLSVersion = minimum == .v12 ? .tlsv12 : .tlsv13
        configuration.cipherSuites = Self.cipherSuites
        configuration.applicationProtocols = ["http/1.1"]
        configuration.shutdownTimeout = Self.farewell
        if let clientAuthorities {
            guard let authorities = Self.certificates(clientAuthorities) else { throw .authorities }
            // What cannot be read so is left to the library.
            guard authorities.contains(where: { CertificateFields($0)?.canVouch ?? true }) else {
                throw .noAuthority
            }
            // "NoHostname": a client has none; chain and dates are verified, and none is a refused handshake.
            configuration.certificateVerification = .noHostnameVerification
            configuration.trustRoots = .certificates(authorities)
        }
        do {
            office = Mutex(Office(context: try NIOSSLContext(configuration: configuration)))
        } catch { throw Self.fault(error, configuration, chain) }
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

    private static func key(_ key: Secret) throws(Fault) -> NIOSSLPrivateKey {
        let read = key.reveal { text -> Result<NIOSSLPrivateKey, Fault> in
            if let read = try? NIOSSLPrivateKey(bytes: Array(text.utf8), format: .pem) {
                return .success(read)
            }
            guard text.holds("PRIVATE KEY-----") else { return .failure(.key) }
            // "BEGIN ENCRYPTED PRIVATE KEY", or "Proc-Type: 4,ENCRYPTED" of old.
            return .failure(text.holds("ENCRYPTED") ? .passphrase : .keyKind)
        }
        return try read.get()
    }

    /// Why the library does not take certificate and key together.
    private static func fault(
        _ error: any Error, _ configuration: TLSConfiguration, _ chain: [NIOSSLCertificate]
    ) -> Fault {
        for place in chain.indices.dropFirst() {
            var other = configuration
            other.certificateChain = [.certificate(chain[place])]
            if (try? NIOSSLContext(configuration: other)) != nil { return .order }
        }
        let reason = TLSReason.text(error)
        if let reason, !reason.holds("mismatch") { return .refused(reason) }
        return .pair
    }

    private static func certificates(_ pem: [UInt8]) -> [NIOSSLCertificate]? {
        guard let certificates = try? NIOSSLCertificate.fromPEMBytes(pem), !certificates.isEmpty else {
            return nil
        }
        return certificates
    }
}
