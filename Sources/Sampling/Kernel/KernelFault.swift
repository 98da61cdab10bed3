// SPDX-License-Identifier: Apache-2.0

import Glibc
import Outbound
import Vitals

/// Why a kernel file or directory could not be looked at.
struct KernelFault: Hashable {
    /// The errno.
    let code: Int32

    /// Whether it is short of something that vitald needs, or the kernel's own trouble.
    var cause: Unmeasured.Cause {
        if DescriptorShortage.isMeant(by: code) { return .descriptors }
        return code == ENOMEM ? .resources : .kernel
    }

    /// Whether it says no more than that there is nothing, or nothing any more.
    var isAbsence: Bool { [ENOENT, ENODEV, ENOTDIR, ESTALE].contains(code) }

    /// What the kernel said; "Too many open files" would leave open whose.
    var text: String {
        if DescriptorShortage.isMeant(by: code) { return DescriptorShortage.sentence(code) }
        return strerror(code).map { String(cString: $0) } ?? "error \(code)"
    }

    /// Whether vitald is short of something, so that nothing is said of the kernel's file.
    var isShortage: Bool { cause != .kernel }

    /// What to do about it.
    var remedy: String {
        switch code {
        case EMFILE: "Raise LimitNOFILE= of the unit."
        case ENFILE: "Raise fs.file-max."
        case ENOMEM: "Raise MemoryMax= of the unit, or find what uses up the memory."
        case EACCES, EPERM: "Check the permissions, and the rules of the security module."
        default: "See the kernel log (journalctl -k)."
        }
    }
}
