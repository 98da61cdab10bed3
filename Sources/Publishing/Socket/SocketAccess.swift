// SPDX-License-Identifier: Apache-2.0

package import Vitals

/// Which roles a peer has.
package struct SocketAccess: Sendable {
    private let decide: @Sendable (PeerCredentials) -> Set<SocketRole>

    /// Decides by a rule of one's own.
    package init(_ decide: @escaping @Sendable (PeerCredentials) -> Set<SocketRole>) { self.decide = decide }

    /// The rule by default: root and vitald's own user are administrators; whoever else the mode and the group
    /// of the socket let in may read and push.
    package static func standard(ownUser: UInt32) -> SocketAccess {
        SocketAccess { peer in SocketRule(for: peer, ownUser: ownUser).roles }
    }

    func roles(of peer: PeerCredentials) -> Set<SocketRole> { decide(peer) }
}

/// One use of an administrator's method, for the journal.
package struct SocketAudit: Sendable {
    /// The method.
    package var method: String
    /// What it was about, such as the check's name; empty where there is nothing.
    package var subject: String
    /// Who called.
    package var caller: SocketCaller
    /// Whether it was allowed.
    package var allowed: Bool
    /// How many other calls of this user were denied since the last line about one.
    package var others = 0

    /// One line: `reload by uid 0, pid 71, unit ssh.service: allowed`.
    package var description: String {
        var text = method + (subject.isEmpty ? "" : " \(subject)") + " by uid \(caller.credentials.uid)"
        if caller.credentials.pid > 0 { text += ", pid \(caller.credentials.pid)" }
        if let unit = caller.origin?.unit, !unit.isEmpty { text += ", unit \(unit)" }
        if let container = caller.origin?.container, !container.isEmpty { text += ", container \(container)" }
        return text + (allowed ? ": allowed" : ": denied")
            + (others > 0 ? "; so were \(others) other calls of this user since the last such line" : "")
    }
}
