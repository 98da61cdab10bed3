// SPDX-License-Identifier: Apache-2.0

package import NIOCore

extension EventLoop {
    /// Does something on the loop: at once where the caller is on it already, else with its next turn. A turn costs a
    /// system call and a look at all that is due.
    package func perform(_ task: @escaping @Sendable () -> Void) {
        if inEventLoop { task() } else { execute(task) }
    }
}
