// SPDX-License-Identifier: Apache-2.0

import NIOSSL
import Vitals

/// Why a handshake failed, as far as the first error tells; the certificates tell the rest.
package enum HandshakeRefusal: Sendable, Hashable {
    /// BoringSSL found no valid chain to an authority we trust.
    case chain
    /// The chain holds, but for another name.
    case name
    /// The server hung up during the handshake.
    case hangUp
    /// What the server answers is not TLS.
    case notTLS
    /// The server offers no TLS version from 1.2 on.
    case version
    /// The server broke the handshake off, perhaps for want of a certificate of ours.
    case alert
    /// The connection broke.
    case broken
    /// Any other failure of BoringSSL.
    case failed
    /// Any other failure of NIOSSL.
    case impossible

    /// Reads NIOSSL's error.
    init(_ error: any Error) {
        if let error = error as? NIOSSLExtraError {
            let isAboutName =
                error == .failedToValidateHostname || error == .serverHostnameImpossibleToMatch
            self = isAboutName ? .name : .impossible
            return
        }
        guard case NIOSSLError.handshakeFailed(.sslError(let stack)) = error else {
            self = .broken
            return
        }
        guard !stack.contains(.eofDuringHandshake) else {
            self = .hangUp
            return
        }
        let words = stack.map { Array($0.description.utf8) }
        func says(_ word: String) -> Bool {
            words.contains { ByteSearch.holds(Array(word.utf8), in: $0) }
        }
        // The symbols of BoringSSL's ssl.h; its texts are never localised.
        if says("CERTIFICATE_VERIFY_FAILED") {
            self = .chain
        } else if says("WRONG_VERSION_NUMBER") || says("HTTP_REQUEST") || says("UNEXPECTED_MESSAGE") {
            self = .notTLS
        } else if says("UNSUPPORTED_PROTOCOL") || says("PROTOCOL_VERSION") {
            self = .version
        } else if says("ALERT") {
            self = .alert
        } else {
            self = .failed
        }
    }
}
