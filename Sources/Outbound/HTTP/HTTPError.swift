// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1

/// Why a request has no whole answer.
package enum HTTPError: Error, Sendable, Hashable {
    /// There is no connection, or it broke.
    case connection(DialError)
    /// The server closed the connection: in the middle of its answer, or without any.
    case ended(hasBegun: Bool)
    /// The answer's head is longer than `HeaderMeter.bound`.
    case headTooLong
    /// What came is not HTTP/1.1.
    case malformed
    /// The server redirects again after as many redirects as may be followed.
    case tooManyRedirects(Int)
    /// The server redirects to another origin. The place is not told: tokens are wont to stand in it.
    case foreignRedirect

    /// What an error of the conversation means.
    init(_ error: any Error, hasBegun: Bool) {
        switch error {
        case is HeaderMeter.Excess, HTTPParserError.headerOverflow: self = .headTooLong
        case HTTPParserError.invalidEOFState, ChannelError.eof: self = .ended(hasBegun: hasBegun)
        case is HTTPParserError, is NIOHTTPDecoderError: self = .malformed
        default: self = .connection(DialError(error))
        }
    }
}
