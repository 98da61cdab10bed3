// SPDX-License-Identifier: Apache-2.0

import Glibc
import Vitals

/// Why a command did not get its answer; the description is all that a user sees.
enum Failure: Error, Equatable, CustomStringConvertible {
    /// No socket at any of these places, each with what the kernel said.
    case notFound([Attempt])
    /// The connection ended or never answered.
    case broken(path: String, what: String)
    /// vitald refused the call.
    case refused(SocketFault)
    /// vitald answered something that this client does not understand.
    case puzzling(method: String)
    /// The deadline of the whole command has passed.
    case timedOut(String)

    /// One place where a socket was sought.
    struct Attempt: Equatable {
        let path: String
        let code: Int32
        let text: String
        let isMissing: Bool
        let isForbidden: Bool
        /// The socket is there, and nobody listens on it.
        var isRefused: Bool { code == ECONNREFUSED }
    }

    var description: String {
        switch self {
        case .notFound(let attempts):
            let places = attempts.map { "\n  \($0.path): \($0.text)" }.joined()
            return "vitald is not reached.\(places)\n" + Self.remedy(attempts)
        case .broken(let path, let what): return "\(path): \(what)"
        case .refused(let fault):
            return ([fault.message] + fault.sentences.map { "  \($0)" }).joined(separator: "\n")
        case .puzzling(let method):
            return
                "the answer to \(method) is not understood; is vitald of another version? Try vitalctl version."
        case .timedOut(let what): return what
        }
    }

    private static func remedy(_ attempts: [Attempt]) -> String {
        let unit = attempts.count == 1 ? unit(servingAt: attempts[0].path) : "vitald"
        if attempts.contains(where: \.isForbidden) {
            return "Run as root, or join the group of the socket: usermod -aG vitald USER, then log in again."
        }
        if attempts.contains(where: \.isRefused) {
            return "A socket is there and nobody serves it. Start vitald: systemctl start \(unit)"
        }
        if attempts.contains(where: { !$0.isMissing }) {
            return "Try again. If it stays so, vitald's log tells more: journalctl -u \(unit)"
        }
        return
            "Start vitald (systemctl start \(unit)), or say where its socket is: --socket PATH or $VITALD_SOCKET."
    }

    /// Who should serve a path: the instance whose it is, else the vitald of the machine.
    private static func unit(servingAt path: String) -> String {
        let rest = path.dropFirst(SocketLookup.directory.count + 1).split(separator: "/")
        guard path.hasPrefix(SocketLookup.directory + "/"), rest.count == 2,
            let instance = try? InstanceName(String(rest[0]))
        else { return "vitald" }
        return "vitald@\(instance.quoted)"
    }
}
