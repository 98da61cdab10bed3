// SPDX-License-Identifier: Apache-2.0

import Glibc
import Vitals

/// Why a Unix socket cannot be made at its path: place, fact, remedy.
package enum SocketPathFault: Error, Sendable, Hashable, CustomStringConvertible {
    /// Another vitald serves it; its pid where the kernel or the lock tells. The daemon exits with 75.
    case alreadyRunning(path: String, pid: Int32?)
    /// The path cannot or must not be used.
    case refused(path: String, fact: String, remedy: String)

    /// One sentence for the journal.
    package var description: String {
        switch self {
        case .alreadyRunning(let path, let pid):
            "\(Self.shown(path)): already running" + (pid.map { " (pid \($0))" } ?? "")
                + ". Stop the other vitald first, or give this one a --socket in another directory."
        case .refused(let path, let fact, let remedy): "\(Self.shown(path)): \(fact). \(remedy)"
        }
    }

    /// The path, where it leads somewhere: what was written in its place may be a secret.
    static func shown(_ path: String, else words: String = "the path of the socket") -> String {
        Quotation.bare(path: path, else: words) { access($0, F_OK) == 0 }
    }
}
