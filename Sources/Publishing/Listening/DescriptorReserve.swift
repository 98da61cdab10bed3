// SPDX-License-Identifier: Apache-2.0

import Glibc
import Vitals

/// Keeps descriptors free for checks, however many clients connect.
///
/// The kernel gives every new descriptor the lowest free number (accept(2)). A connection whose number is among the
/// last below the limit has found all numbers before it taken: it is refused, and those numbers stay for checks.
package struct DescriptorReserve: Sendable {
    /// Kept beside them for administrators, so that root can still ask what is wrong.
    package static let administrators = 8

    private let limit: @Sendable () -> Int

    /// Goes by this process's RLIMIT_NOFILE, which may change while it runs (prlimit(1)).
    package init() { limit = { Self.allowed } }

    /// Goes by another limit.
    init(limit: @escaping @Sendable () -> Int) { self.limit = limit }

    /// Whether a connection may keep this descriptor.
    func admits(_ descriptor: CInt, administrator: Bool) -> Bool {
        let limit = limit()
        let kept =
            DescriptorShare.checks(of: limit) + (administrator ? 0 : min(Self.administrators, limit / 16))
        return Int(descriptor) < limit - kept
    }

    /// How many descriptors this process may have.
    package static var allowed: Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 1024 }
        return Int(clamping: limit.rlim_cur)
    }
}
