// SPDX-License-Identifier: Apache-2.0

import Glibc
import Vitals

/// vitald, or the whole machine, has no descriptor left (EMFILE, ENFILE of errno(3)): what takes one could not be asked,
/// which says nothing about whom the question was for.
enum DescriptorShortage {
    /// The code of checks that could not be asked.
    static let reason: Reason = "inconclusive.descriptors"

    /// Whether an error says so.
    static func isMeant(by code: Int32) -> Bool { code == EMFILE || code == ENFILE }

    /// What is missing, without a full stop.
    static func sentence(_ code: Int32) -> String {
        code == ENFILE
            ? "no descriptors are free: the whole machine has none left (sysctl fs.file-max)"
            : "no descriptors are free: all that vitald may have are in use (LimitNOFILE= of its unit)"
    }

    /// The result of a check that could not be asked.
    static func result(_ code: Int32) -> ProbeResult {
        ProbeResult(.unknown, reason: reason, message: sentence(code))
    }

    /// EMFILE or ENFILE where no descriptor can be had now; for libraries that tell only that they failed.
    static var current: Int32? {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor < 0 else {
            close(descriptor)
            return nil
        }
        return isMeant(by: errno) ? errno : nil
    }
}
