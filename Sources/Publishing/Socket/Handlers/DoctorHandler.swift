// SPDX-License-Identifier: Apache-2.0

import Glibc
import Vitals

/// Answers `doctor`.
struct DoctorHandler: SocketHandler {
    let method = Doctor.method
    let examiner: any Examining

    func answer(_ call: SocketCall, into result: inout JSONWriter) throws(SocketFault) -> SocketAnswer {
        let caller = Self.finding(about: call.caller, ownUser: geteuid())
        return .later { [examiner] completion in
            examiner.examine { findings in
                var writer = JSONWriter()
                Doctor.Reply(
                    version: Version.text, uid: geteuid(), pid: getpid(), findings: findings + [caller]
                ).write(into: &writer)
                completion(.success(writer.bytes))
            }
        }
    }

    /// Who asks, as the kernel tells it, what that allows, and why.
    static func finding(about caller: SocketCaller, ownUser: UInt32) -> Diagnosis {
        let peer = caller.credentials
        let words = [SocketRole.read, .push, .admin].filter(caller.roles.contains).map(\.rawValue)
        var who = "uid \(peer.uid), gid \(peer.gid)"
        if let unit = caller.origin?.unit, !unit.isEmpty { who += " in unit \(unit)" }
        if let container = caller.origin?.container, !container.isEmpty {
            who += " in container \(container)"
        }
        let rule = SocketRule(for: peer, ownUser: ownUser)
        let fact =
            "\(who) has \(words.isEmpty ? "no role" : "the roles \(words.joined(separator: ", "))"): \(rule.sentence)"
        // overflowuid of user namespaces: every user of another namespace looks like this one.
        guard peer.uid == 65_534 else { return Diagnosis("caller", .ok, fact) }
        return Diagnosis(
            "caller", .limited, fact + "; every user of another user namespace looks the same",
            remedy: "Run vitald without PrivateUsers=, outside of a user namespace.")
    }
}
