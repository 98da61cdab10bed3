// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// A deadline that moves: one that moves away costs nothing until the old one strikes. Lives on the event loop.
final class LazyAlarm {
    private let loop: any EventLoop
    /// What happens then; gone once it is cancelled.
    var strike: (() -> Void)?
    private var deadline = NIODeadline.distantFuture
    private var task: (scheduled: Scheduled<Void>, at: NIODeadline)?

    init(_ loop: any EventLoop) { self.loop = loop }

    /// Strikes at this time instead of any other.
    func set(_ deadline: NIODeadline) {
        self.deadline = deadline
        schedule()
    }

    /// Strikes no more.
    func cancel() {
        strike = nil
        task?.scheduled.cancel()
        task = nil
    }

    private func schedule() {
        if let task, task.at <= deadline { return }
        task?.scheduled.cancel()
        let me = NIOLoopBound(self, eventLoop: loop)
        task = (loop.scheduleTask(deadline: deadline) { me.value.struck() }, deadline)
    }

    private func struck() {
        task = nil
        if NIODeadline.now() < deadline { return schedule() }
        strike?()
    }
}
