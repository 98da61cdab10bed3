// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A thread for one long piece of work, detached: it ends when the work does.
package enum OwnThread {
    private final class Work: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    /// Starts it; false where the system has no thread to give.
    package static func start(stackSize: Int, _ body: @escaping @Sendable () -> Void) -> Bool {
        // Raw storage: the initialiser of the C struct belongs to whichever module Clang saw it in first.
        withUnsafeTemporaryAllocation(of: pthread_attr_t.self, capacity: 1) { storage in
            guard let attributes = storage.baseAddress, pthread_attr_init(attributes) == 0 else {
                return false
            }
            defer { pthread_attr_destroy(attributes) }
            pthread_attr_setdetachstate(attributes, Int32(PTHREAD_CREATE_DETACHED))
            pthread_attr_setstacksize(attributes, stackSize)
            let work = Unmanaged.passRetained(Work(body))
            var thread = pthread_t()
            let code = pthread_create(
                &thread, attributes,
                { pointer in
                    guard let pointer else { return nil }
                    Unmanaged<Work>.fromOpaque(pointer).takeRetainedValue().body()
                    return nil
                }, work.toOpaque())
            if code != 0 { work.release() }
            return code == 0
        }
    }
}
