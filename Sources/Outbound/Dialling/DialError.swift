// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore
import NIOPosix
import NIOSSL

/// Why there is no connection, or none any more.
package enum DialError: Error, Sendable, Hashable {
    /// The name has no addresses.
    case resolving(ResolveFailure)
    /// The name leads to link-local addresses alone, which the plan refuses.
    case linkLocal(host: String)
    /// The system gives no thread for what can block.
    case noThread
    /// The kernel said why (errno(3)).
    case kernel(errno: Int32)
    /// The address did not answer within its share of the time.
    case timeout
    /// The files of TLS cannot be used.
    case tlsFiles(TLSFilesError)
    /// The handshake of TLS was refused, by us or by the other side.
    case handshake(HandshakeFailure)
    /// The other side ended TLS after the handshake.
    case tlsEnded
    /// The connection ended.
    case closed

    /// What an error of NIO means.
    package init(_ error: any Error) {
        switch error {
        case let error as DialError: self = error
        // NIO wraps the failures of single addresses in one error.
        case let error as NIOConnectionError:
            self = error.connectionErrors.last.map { DialError($0.error) } ?? .closed
        case let error as IOError: self = .kernel(errno: error.errnoCode)
        case ChannelError.connectTimeout: self = .timeout
        case is BoringSSLError, is NIOSSLError: self = .tlsEnded
        default: self = .closed
        }
    }

    /// Whether vitald itself is short of something, which the next address would not fix.
    var isOurOwn: Bool {
        guard case .kernel(let code) = self else { return false }
        return DescriptorShortage.isMeant(by: code) || code == ENOBUFS || code == ENOMEM
    }
}

/// A handshake that was refused, and what the server presented.
package struct HandshakeFailure: Error, Sendable, Hashable {
    /// Who refused it, as far as the first error tells.
    package let refusal: HandshakeRefusal
    /// What the server presented, its own certificate first; empty where it could not be read.
    package let presented: [CertificateFacts]
    /// What is worth showing of it; nil where nothing could be read.
    package let findings: TLSFindings?
}
