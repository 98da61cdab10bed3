// SPDX-License-Identifier: Apache-2.0

package import NIOSSL
import Vitals

/// Our own certificate with its key, as a server asks for them.
package enum ClientIdentity {
    /// What is wrong with using these two together; nil where TLS takes them.
    package static func problem(
        _ chain: [NIOSSLCertificate], _ key: NIOSSLPrivateKey
    ) -> (fact: String, remedy: String)? {
        guard let reason = refusal(chain, key) else { return nil }
        if chain.dropFirst().contains(where: { refusal([$0], key) == nil }) {
            return (
                "do not match: the certificate file begins with another certificate",
                "Put the client's own certificate first, then the intermediate certificates."
            )
        }
        // NIOSSL says nothing more of a key that does not match. BoringSSL's symbols are KEY_VALUES_MISMATCH and
        // KEY_TYPE_MISMATCH, other reasons have others; they are never localised.
        func says(_ word: String) -> Bool { ByteSearch.holds(Array(word.utf8), in: Array(reason.utf8)) }
        if says("MISMATCH") || !says("OPENSSL_internal:") {
            return (
                "do not match: the key belongs to another certificate",
                "Name the key that belongs to the certificate."
            )
        }
        return ("cannot be used together for TLS", "Generate new ones: RSA with 2048 bits or more, or ECDSA.")
    }

    /// What the library says of a chain and a key; nil where it takes them.
    private static func refusal(_ chain: [NIOSSLCertificate], _ key: NIOSSLPrivateKey) -> String? {
        var configuration = TLSConfiguration.makeClientConfiguration()
        // The system's authorities are many, and nothing is verified here.
        configuration.trustRoots = .certificates([])
        configuration.certificateChain = chain.map { .certificate($0) }
        configuration.privateKey = .privateKey(key)
        do {
            _ = try NIOSSLContext(configuration: configuration)
            return nil
        } catch { return "\(error)" }
    }
}
