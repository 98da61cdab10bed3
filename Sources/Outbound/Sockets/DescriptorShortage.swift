// SPDX-License-Identifier: Apache-2.0

import Glibc

/// vitald, or the whole machine, has no descriptor left (EMFILE, ENFILE of errno(3)): what takes one could not be asked,
/// which says nothing about whom the question was for.
package enum DescriptorShortage {
    /// Whether an error says so.
    package static func isMeant(by code: Int32) -> Bool { code == EMFILE || code == ENFILE }

    /// EMFILE or ENFILE where no descriptor can be had now; for libraries that tell only that they failed.
    package static var current: Int32? {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor < 0 else {
            close(descriptor)
            return nil
        }
        return isMeant(by: errno) ? errno : nil
    }
}
