// SPDX-License-Identifier: Apache-2.0

/// The steps of one attempt, in order; a timeout names the step it struck (`timeout.tls`).
package enum ProbePhase: UInt8, CaseIterable, Sendable {
    /// Waiting for a lane.
    case queued
    /// Turning a name into addresses.
    case resolve
    /// Opening the connection.
    case connect
    /// The TLS handshake.
    case tls
    /// Showing who we are.
    case authenticate
    /// Waiting for the answer to begin (HTTP: until the first byte of the answer).
    case processing
    /// Reading the answer.
    case transfer

    /// The word used in reasons, JSON and labels.
    package var word: String {
        switch self {
        case .queued: "queued"
        case .resolve: "resolve"
        case .connect: "connect"
        case .tls: "tls"
        case .authenticate: "authenticate"
        case .processing: "processing"
        case .transfer: "transfer"
        }
    }
}
