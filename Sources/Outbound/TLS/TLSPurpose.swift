// SPDX-License-Identifier: Apache-2.0

/// What a handshake is for.
enum TLSPurpose: Hashable, Sendable {
    /// To speak with a server whose certificate holds.
    case verified
    /// To speak with whoever answers, because the configuration says so.
    case unverified
    /// To read the certificates of a server that was refused, and nothing else.
    case look
}
