// SPDX-License-Identifier: Apache-2.0

import Publishing

/// Whether every listening socket accepts those who wait: no question is asked for that, so it holds for TCP under
/// whatever firewall, encryption and login as well.
struct ListenerWatch {
    private var last: [String: ListenerRecord.Look] = [:]
    /// Where accept(2) failed since the look before: nobody is answered there, through no fault of the daemon.
    private(set) var heldUp: Set<String> = []

    /// Whether a question that was put there when so many were accepted may still wait in the queue, behind others who
    /// are accepted one after the other: then it was not asked yet.
    func isQueued(at name: String, since before: UInt64) -> Bool {
        guard let look = last[name], look.isDue else { return false }
        let accepted = look.progress &- before
        return accepted > 0 && accepted <= Self.longestQueue
    }

    /// The queue of a Unix socket takes one more than its backlog (unix(7)).
    private static let longestQueue = UInt64(SocketServer.backlog) + 1

    /// Compares with the look before; nil where nobody listens.
    mutating func look(_ looks: [ListenerRecord.Look]) -> Watchdog.Finding? {
        heldUp = []
        guard !looks.isEmpty else { return nil }
        var finding = Watchdog.Finding.progress
        for look in looks {
            let before = last[look.name]
            if look.isPaused || look.failures != before?.failures ?? 0 { heldUp.insert(look.name) }
            // Somebody waits at both looks, or the socket is closed at both, and nothing was done in between.
            if let before, look.isDue, before.isDue, before.progress == look.progress { finding = .still }
        }
        last = [:]
        for look in looks { last[look.name] = look }
        return finding
    }
}
