// SPDX-License-Identifier: Apache-2.0

import NIOSSL

/// Why the TLS library could not do something, in its own words without the places of its sources.
///
/// ```
/// Error: 268435648 error:100000c0:SSL routines:OPENSSL_internal:PEER_DID_NOT_RETURN_A_CERTIFICATE at /…/handshake_server.cc:982
/// ```
enum TLSReason {
    private static let longest = 200

    /// The reason; nil where it has none, as of a client that merely left.
    static func text(_ error: any Error) -> String? {
        switch error {
        case NIOSSLError.handshakeFailed(let inner): text(inner)
        case BoringSSLError.sslError(let stack), BoringSSLError.unknownError(let stack): text(stack)
        default: nil
        }
    }

    private static func text(_ stack: NIOBoringSSLErrorStack) -> String? {
        let words = stack.compactMap { word(in: $0.description) }
        return words.isEmpty ? nil : String(words.joined(separator: ", ").prefix(longest))
    }

    private static func word(in line: String) -> String? {
        guard let begin = line.end(of: "OPENSSL_internal:") else { return nil }
        let word = line[begin...].prefix { $0 != " " }
        return word.isEmpty ? nil : word.lowercased().split(separator: "_").joined(separator: " ")
    }
}
