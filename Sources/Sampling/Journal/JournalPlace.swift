// SPDX-License-Identifier: Apache-2.0

/// Where journal files lie.
package enum JournalPlace: Sendable, Hashable {
    /// This machine's own, below these roots: its id is the directory's name (systemd-journald.service(8)).
    case machine(roots: [String])
    /// A directory of files, and what it holds for single machines.
    case directory(String)

    /// journald's own: /run until it may write to the disk, and where nothing shall last.
    package static let system = JournalPlace.machine(roots: ["/run/log/journal", "/var/log/journal"])

    /// Whether what earlier boots left behind counts: a captured tree is of no boot of ours.
    var spansBoots: Bool {
        if case .directory = self { true } else { false }
    }
}
