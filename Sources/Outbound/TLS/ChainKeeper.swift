// SPDX-License-Identifier: Apache-2.0

import NIOSSL

/// The certificates of one handshake, as they are seen while it goes on; confined to the event loop.
final class ChainKeeper {
    /// The certificates, the server's own first.
    private(set) var certificates: [NIOSSLCertificate] = []

    /// Keeps a certificate of a verified chain; BoringSSL walks from the root to the server's own.
    func keepNext(_ certificate: NIOSSLCertificate) {
        if certificates.first != certificate { certificates.insert(certificate, at: 0) }
    }

    /// Keeps what the server presented, its own first.
    func keep(_ presented: [NIOSSLCertificate]) { certificates = presented }
}
