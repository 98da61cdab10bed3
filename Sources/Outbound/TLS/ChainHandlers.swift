// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOSSL

/// Makes a TLS handler that lets somebody look at the chain.
private protocol HandlerMaking {
    static func handler(context: NIOSSLContext, serverName: String?, keeper: ChainKeeper) throws
        -> NIOSSLClientHandler
}

/// Full verification by BoringSSL and NIOSSL; the keeper only looks on.
///
/// The expiry of the intermediates matters as much as that of the server's own certificate, and the callback per
/// certificate is the only one of NIOSSL that shows the chain *and* leaves the verdict to BoringSSL: the newer
/// ones replace the verification. It is marked deprecated for being hard to judge with; we never judge in it.
private enum Verifying: HandlerMaking {
    @available(*, deprecated, message: "only through HandlerMaking")
    static func handler(context: NIOSSLContext, serverName: String?, keeper: ChainKeeper) throws
        -> NIOSSLClientHandler
    {
        try NIOSSLClientHandler(
            context: context, serverHostname: serverName,
            verificationCallback: { verdict, certificate in
                keeper.keepNext(certificate)
                return verdict
            })
    }
}

/// No verification; what the server presents is kept.
private enum Trusting: HandlerMaking {
    static func handler(context: NIOSSLContext, serverName: String?, keeper: ChainKeeper) throws
        -> NIOSSLClientHandler
    {
        try NIOSSLClientHandler(
            context: context, serverHostname: serverName,
            customVerificationCallback: { presented, promise in
                keeper.keep(presented)
                promise.succeed(.certificateVerified)
            })
    }
}

/// Reads what the server presents and refuses it: the handshake never completes, so nothing can be sent over it.
private enum OnlyLooking: HandlerMaking {
    static func handler(context: NIOSSLContext, serverName: String?, keeper: ChainKeeper) throws
        -> NIOSSLClientHandler
    {
        try NIOSSLClientHandler(
            context: context, serverHostname: serverName,
            customVerificationCallback: { presented, promise in
                keeper.keep(presented)
                promise.succeed(.failed)
            })
    }
}

extension TLSPurpose {
    private var maker: any HandlerMaking.Type {
        switch self {
        case .verified: Verifying.self
        case .unverified: Trusting.self
        case .look: OnlyLooking.self
        }
    }

    /// Makes the handler for this purpose.
    func handler(_ context: NIOSSLContext, serverName: String?, keeper: ChainKeeper) throws
        -> NIOSSLClientHandler
    {
        try maker.handler(context: context, serverName: serverName, keeper: keeper)
    }
}
