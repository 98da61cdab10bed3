// SPDX-License-Identifier: Apache-2.0

import Testing
import Vitals

@testable import Publishing

@Suite("Who asks the doctor")
struct DoctorHandlerTests {
    private static func look(_ uid: UInt32, _ origin: PeerOrigin? = nil) -> Diagnosis {
        let peer = PeerCredentials(pid: 71, uid: uid, gid: 100)
        return DoctorHandler.finding(
            about: SocketCaller(
                connection: ConnectionID(1), credentials: peer,
                roles: SocketRule(for: peer, ownUser: 997).roles, origin: origin), ownUser: 997)
    }

    @Test(
        "the caller hears its user and group, its roles, and by which rule it has them",
        arguments: [
            (0, "uid 0, gid 100 has the roles read, push, admin: root is an administrator"),
            (997, "uid 997, gid 100 has the roles read, push, admin: the user of vitald is an administrator"),
            (
                1000,
                "uid 1000, gid 100 has the roles read, push: the mode and the group of the socket let it in; reload and "
                    + "run are for root and vitald's user"
            ),
        ])
    func rules(_ uid: UInt32, _ fact: String) {
        #expect(Self.look(uid) == Diagnosis("caller", .ok, fact))
    }

    @Test("a caller in a unit or a container is told so, and a user of another namespace that he is nobody")
    func origins() {
        #expect(
            Self.look(0, PeerOrigin(unit: "ssh.service", container: "")).fact
                .hasPrefix("uid 0, gid 100 in unit ssh.service has "))
        #expect(
            Self.look(0, PeerOrigin(unit: "", container: "agent")).fact.hasPrefix(
                "uid 0, gid 100 in container agent has "))
        let nobody = Self.look(65_534)
        #expect(
            nobody.state == .limited
                && nobody.fact.hasSuffix("; every user of another user namespace looks the same"))
    }

    @Test(
        "the rule by default gives the roles that the doctor explains", arguments: [0, 997, 1000] as [UInt32])
    func standard(_ uid: UInt32) {
        let peer = PeerCredentials(pid: 1, uid: uid, gid: 1)

        #expect(
            SocketAccess.standard(ownUser: 997).roles(of: peer) == SocketRule(for: peer, ownUser: 997).roles)
        #expect(SocketRule(for: peer, ownUser: 997).roles.contains(.admin) == (uid != 1000))
    }
}
