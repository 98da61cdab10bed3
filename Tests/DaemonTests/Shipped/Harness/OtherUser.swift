// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport
import Testing

/// Another user of the machine, who runs Python scripts.
enum OtherUser {
    /// Whether there can be one: it takes root.
    static let isPossible = Program.has("setpriv") && geteuid() == 0

    /// The words that run a script as a user; its arguments are in `sys.argv`.
    static func words(_ uid: Int, _ script: String, _ arguments: String...) -> [String] {
        [
            "setpriv", "--reuid", "\(uid)", "--regid", "\(uid)", "--clear-groups", Tool.python, "-c", script,
        ] + arguments
    }
}
