// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// What a client's connection is about at the moment.
enum ConnectionState {
    /// Waiting for the end of the handshake.
    case handshaking
    /// Waiting for a request's first byte.
    case idle
    /// Within a head.
    case reading
    /// A request's password is being compared.
    case deciding(giveUp: () -> Void)
    /// A request's body is being read; its route is asked when it is whole.
    indirect case receiving(RequestBody, HTTPRequest, route: Int)
    /// A request is being answered.
    case answering
    /// An answer goes on until one side ends.
    case streaming(StreamWriter)
    /// The last answer is out; waiting for the client to hear it.
    case lingering
    case closed

    /// What is lost with the connection; `isAccepted` says whether a request was ever let in on it.
    func standing(isAccepted: Bool) -> ConnectionStanding {
        switch self {
        case .lingering where !isAccepted: .refused
        case .handshaking,
            .idle where !isAccepted, .reading where !isAccepted:
            .stranger
        case .idle: .idle
        case .reading, .deciding, .receiving, .answering, .streaming, .lingering, .closed: .busy
        }
    }
}

/// What is lost with a connection when another one needs its place; the least first.
enum ConnectionStanding: Comparable {
    /// It was refused, and has yet to hear it.
    case refused
    /// Nothing was ever asked on it that could be answered.
    case stranger
    /// It was answered, and may ask again.
    case idle
    /// A request is under way.
    case busy
}
