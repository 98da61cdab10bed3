// SPDX-License-Identifier: Apache-2.0

package import Vitals

/// Who may ask over TCP, and how: encryption, logins, names of this machine, and how much one machine may ask.
///
/// The Unix socket is not concerned: its permissions guard it.
package struct HTTPAccess: Sendable {
    /// Encryption; nil serves plain text.
    package var tls: TLSIdentity?
    /// Whose word is taken.
    package var logins = Logins(isWanted: false)
    /// By which names this machine may be asked.
    package var hosts = HostList.any
    /// How much may be asked.
    package var limits = AccessLimits()

    /// Plain text for everybody, under any name.
    package init() {}

    /// Whether some clients are known and others strangers.
    var tellsClientsApart: Bool { logins.isWanted || tls?.trust.authorities != nil }
}

/// The passwords and tokens with which somebody may ask; either suffices.
package struct Logins: Sendable {
    /// The hashes of users' passwords.
    package var users: [String: BcryptHash] = [:]
    /// Bearer tokens.
    package var tokens: [Secret] = []
    /// Whether one is wanted: without users and tokens that lets nobody in.
    package let isWanted: Bool

    /// Makes an empty list.
    package init(isWanted: Bool) { self.isWanted = isWanted }
}

/// How much may be asked over TCP.
package struct AccessLimits: Sendable, Equatable {
    /// Connections at a time.
    package var connections = 256
    /// Connections at a time from one other machine.
    package var connectionsPerPeer = 64
    /// Requests a second from one other machine, over a longer time, and as many handshakes that no good request
    /// follows: beyond, requests are refused and handshakes wait.
    package var requestsPerSecond = 100
    /// As many more at once.
    package var burst = 200

    /// The default bounds: a hundred times what a few scrapers ask.
    package init() {}
}
