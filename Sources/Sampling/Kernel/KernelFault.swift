// SPDX-License-Identifier: Apache-2.0

import Glibc
import Vitals

/// Why a kernel file or directory could not be looked at.
struct KernelFault: Hashable {
    /// The errno.
    let code: Int32

    /// Whether it is short of something that vitald needs, or the kernel's own trouble.
    var cause: Unmeasured.Cause {
        [EMFILE, ENFILE, ENOMEM].contains(code) ? .resources : .kernel
    }

    /// Whether it says no more than that there is nothing, or nothing any more.
    var isAbsence: Bool { [ENOENT, ENODEV, ENOTDIR, ESTALE].contains(code) }

    /// What the kernel said.
    var text: String { strerror(code).map { String(cString: $0) } ?? "error \(code)" }

    /// What to do about it.
    var remedy: String {
        switch code {
        case EMFILE: "Raise LimitNOFILE= of the unit."
        case ENFILE: "Raise fs.file-max."
        case ENOMEM: "Raise MemoryMax= of the unit, or find what uses up the memory."
        case EACCES, EPERM: "Check the permissions, and the rules of the security module."
        default: "Look into the kernel's log (journalctl -k)."
        }
    }
}
