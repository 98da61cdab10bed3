// SPDX-License-Identifier: Apache-2.0

import Glibc
import Outbound
import Vitals

extension DescriptorShortage {
    /// The code of checks that could not be asked.
    static let reason: Reason = "inconclusive.descriptors"

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
}
