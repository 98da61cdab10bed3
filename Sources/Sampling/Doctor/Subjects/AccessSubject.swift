// SPDX-License-Identifier: Apache-2.0

import Glibc
import Vitals

extension Subject {
    /// Whose vitald's sockets and configuration are, and who may use them.
    static let access = Subject("access") { surroundings in
        guard surroundings.roots.files != nil else { return surroundings.captured("access") }
        var facts: [String] = []
        for path in surroundings.house.sockets() where surroundings.isLocal(path) {
            let ownership = Ownership(path)
            // A directory that lets clients in need not let vitald in, whom systemd handed the socket.
            if ownership == nil, surroundings.denial(path, F_OK) == EACCES {
                facts.append("\(path) lies in a directory that is closed to vitald")
                continue
            }
            guard let ownership, ownership.isSocket else {
                return Diagnosis(
                    "access", .missing, "\(path) is not there any more, so nobody can connect to it",
                    remedy: "Restart vitald, its socket units first: somebody removed it.")
            }
            let isOpen = ownership.mode & 0o002 != 0
            facts.append(
                "\(path) is \(ownership.text(surroundings))\(isOpen ? ", so everybody may connect" : "")")
        }
        guard let path = surroundings.house.configuration else { return plain(facts) }
        guard surroundings.isLocal(path) else {
            facts.append("\(path) lies on a mount that may hang, so it is not looked at")
            return plain(facts)
        }
        guard let ownership = Ownership(path) else { return plain(facts) }
        let text = (facts + ["\(path) is \(ownership.text(surroundings))"]).joined(separator: "; ")
        if ownership.user != 0, ownership.user != surroundings.house.user {
            return Diagnosis(
                "access", .limited, "\(text), so its owner can change what vitald does",
                remedy: "Give it to root: chown root:vitald \(Quotation.shell(path)).")
        }
        if ownership.mode & 0o002 != 0 {
            return Diagnosis(
                "access", .limited, "\(text), so everybody can change what vitald does",
                remedy: "Close it: chmod o-w \(Quotation.shell(path)).")
        }
        if let breach = PathTrust(users: [surroundings.house.user]).breaches(of: path).first {
            return Diagnosis("access", .limited, "\(text); \(breach.fact)", remedy: "\(breach.remedy).")
        }
        guard surroundings.isOpen(path, R_OK) else {
            return Diagnosis(
                "access", .limited, "\(text) and closed to vitald, so the next start or reload fails",
                remedy:
                    "Let it in: chgrp vitald \(Quotation.shell(path)) and chmod 0640 \(Quotation.shell(path))."
            )
        }
        return plain([text])
    }

    private static func plain(_ facts: [String]) -> Diagnosis {
        Diagnosis(
            "access", .ok,
            facts.isEmpty
                ? "there is neither a Unix socket nor a file of configuration" : facts.joined(separator: "; ")
        )
    }
}
