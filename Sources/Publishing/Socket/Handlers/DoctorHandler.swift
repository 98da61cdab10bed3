// SPDX-License-Identifier: Apache-2.0

import Glibc
import Vitals

/// Answers `doctor`.
struct DoctorHandler: SocketHandler {
    let method = Doctor.method
    let examiner: any Examining

    func answer(_ call: SocketCall, into result: inout JSONWriter) throws(SocketFault) -> SocketAnswer {
        let caller = Self.finding(about: call.caller)
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

    /// Who asks, as the kernel tells it, and what that allows.
    private static func finding(about caller: SocketCaller) -> Diagnosis {
        let words = caller.roles.map(\.rawValue).sorted().joined(separator: ", ")
        let uid = caller.credentials.uid
        let fact = "uid \(uid) may \(words)"
        // overflowuid of user namespaces: every user of another namespace looks like this one.
        guard uid == 65_534 else { return Diagnosis("caller", .ok, fact) }
        return Diagnosis(
            "caller", .limited, fact + ": every user of another user namespace looks the same",
            remedy: "Run vitald without PrivateUsers=, outside of a user namespace.")
    }
}
