// SPDX-License-Identifier: Apache-2.0

import Glibc
import Outbound
import Vitals

/// The results of attempts that could not look: evidence of nothing.
extension FilesystemProbe {
    static var laneless: ProbeResult {
        ProbeResult(
            .unknown, reason: "inconclusive.lanes",
            message: "all worker threads were busy until the deadline: other checks are blocked")
    }

    static var taken: ProbeResult {
        ProbeResult(
            .unknown, reason: "inconclusive.helpers",
            message:
                "all \(FilesystemHelpers.limit) helper processes were taken by other mounts until the deadline"
        )
    }

    static func helperless(_ reason: String) -> ProbeResult {
        ProbeResult(.unknown, reason: "inconclusive.helpers", message: "no helper process: \(reason)")
    }

    /// The helper could not be started for this errno.
    static func helperless(_ program: String, _ error: SystemError) -> ProbeResult {
        shortage(error) ?? helperless("\(program) cannot be started: \(error.text)")
    }

    /// A file could not be read for this errno.
    static func tableless(_ file: String, _ error: SystemError) -> ProbeResult {
        shortage(error) ?? tableless(file, error.text)
    }

    /// vitald or the machine is short of descriptors or memory; nil for any other error.
    private static func shortage(_ error: SystemError) -> ProbeResult? {
        if DescriptorShortage.isMeant(by: error.code) { return DescriptorShortage.result(error.code) }
        guard error.code == ENOMEM else { return nil }
        return ProbeResult(
            .unknown, reason: "inconclusive.resources", message: "the kernel has no memory left")
    }

    static func tableless(_ file: String, _ reason: String) -> ProbeResult {
        ProbeResult(.unknown, reason: "inconclusive.mounts", message: "\(file) cannot be used: \(reason)")
    }

    static func automount(_ path: String) -> ProbeResult {
        ProbeResult(
            .unknown, reason: "automount",
            message: "\(path) is an automount point with nothing mounted, and measuring it would mount it. "
                + "Mount it for good, or disable this check")
    }
}
