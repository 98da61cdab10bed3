// SPDX-License-Identifier: Apache-2.0

package import Vitals

/// The steps of one call, in order; whoever makes the call is told when each begins.
package enum CallStep: Sendable, Hashable {
    /// Waiting for a thread.
    case queued
    /// Turning a name into addresses.
    case resolving
    /// Reading and preparing the files of TLS.
    case preparing
    /// Opening the connection.
    case connecting
    /// The TLS handshake.
    case handshake
    /// Waiting for the answer to begin.
    case waiting
    /// Reading the answer.
    case reading

    /// The phase that a timeout at this step names.
    package var phase: ProbePhase {
        switch self {
        case .queued: .queued
        case .resolving: .resolve
        case .connecting: .connect
        case .preparing, .handshake: .tls
        case .waiting: .processing
        case .reading: .transfer
        }
    }

    /// Whether the time of this step is vitald's own, and no part of what the other side takes.
    package var isOwn: Bool { self == .queued || self == .preparing }
}

/// Hears which step of a call begins; called on the event loop or on a lane.
package typealias StepCallback = @Sendable (CallStep) -> Void
