// SPDX-License-Identifier: Apache-2.0

/// What an administrator may ask of the running daemon. The daemon answers; the socket asks.
///
/// Both calls return at once; the completion is called exactly once, on any thread.
package protocol Control: Sendable {
    /// Runs a check now, out of turn, and judges its result like any other.
    func runCheck(_ name: String, _ completion: @escaping @Sendable (RunAnswer) -> Void)

    /// Reads the configuration again and puts it in force if it is without fault.
    func reload(_ completion: @escaping @Sendable (ReloadAnswer) -> Void)
}

/// What became of a wish to run a check.
package enum RunAnswer: Sendable {
    /// It ran, or joined the attempt that was under way; this is how the check stands after it.
    case completed(CheckReport)
    /// No check has this name.
    case unknownCheck
    /// It cannot be run on demand, with the reason: switched off, or fed by pushes.
    case notRunnable(String)
}

/// What became of a wish to reload.
package enum ReloadAnswer: Sendable {
    /// The new configuration is in force.
    case reloaded(ReloadSummary)
    /// The new configuration has these faults; the old one stays in force.
    case refused([String])
}

/// What a reload changed.
package struct ReloadSummary: Sendable, Hashable {
    /// Which configuration is in force now, as `Report.generation` counts.
    package var generation: UInt64
    /// Checks that are new.
    package var added: [String]
    /// Checks whose configuration changed; they begin anew.
    package var changed: [String]
    /// Checks that are gone.
    package var removed: [String]
    /// Checks that go on as they were, with their counters.
    package var unchanged: Int
    /// What needs a restart to take effect, and other remarks, as sentences.
    package var remarks: [String]

    /// Makes a summary.
    package init(
        generation: UInt64, added: [String] = [], changed: [String] = [], removed: [String] = [],
        unchanged: Int = 0, remarks: [String] = []
    ) {
        self.generation = generation
        self.added = added
        self.changed = changed
        self.removed = removed
        self.unchanged = unchanged
        self.remarks = remarks
    }
}
