// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Vitals

/// What the parts of the daemon leave behind as they move, for the keeper to look at from its own thread.
final class Pulse: Sendable {
    private let schedulerTicks = Atomic<UInt64>(0)
    private let schedulerLateness = Atomic<Int64>(0)
    private let boardTicks = Atomic<UInt64>(0)
    private let loopEchoes = Atomic<UInt64>(0)

    /// Notes a tick of the scheduler and how late its most overdue check is.
    func schedulerTicked(lateness: Duration) {
        schedulerLateness.store(lateness.nanoseconds, ordering: .relaxed)
        schedulerTicks.wrappingAdd(1, ordering: .releasing)
    }

    /// Notes a tick of the judge, whether or not it changed anything.
    func boardTicked() { boardTicks.wrappingAdd(1, ordering: .releasing) }

    /// Notes that the event loop ran what the keeper put to it.
    func loopEchoed() { loopEchoes.wrappingAdd(1, ordering: .releasing) }

    /// Where everything stands.
    struct Reading: Sendable, Equatable {
        var schedulerTicks: UInt64
        var schedulerLateness: Duration
        var boardTicks: UInt64
        var loopEchoes: UInt64
    }

    /// Reads where everything stands.
    var reading: Reading {
        Reading(
            schedulerTicks: schedulerTicks.load(ordering: .acquiring),
            schedulerLateness: .nanoseconds(schedulerLateness.load(ordering: .relaxed)),
            boardTicks: boardTicks.load(ordering: .acquiring),
            loopEchoes: loopEchoes.load(ordering: .acquiring))
    }
}
