// SPDX-License-Identifier: Apache-2.0

import Publishing
import Sampling
import Vitals

/// All that the daemon was told, proven: by the flags, the environment, the file, and the defaults.
struct Configuration: Sendable {
    /// Where the pages are served over TCP.
    struct HTTP: Sendable {
        /// The addresses; empty where only the socket beside `vitald.sock` is wanted.
        var listen: [ListenAddress]
        /// Whether nobody asked for these addresses: then one that this machine does not have (no IPv6) is
        /// left out instead of refused.
        var isDefault: Bool
        /// What guards them.
        var protection: ListenPolicy.Protection
        /// Who is let in, and the files that say so.
        var plan: AccessPlan

        /// Who is let in, as the files said when they were read.
        var access: HTTPAccess { plan.initial }
    }

    /// The Unix socket for asking and pushing.
    struct Socket: Sendable, Equatable {
        /// The absolute path.
        var path: String
        /// Permissions of the socket.
        var mode: UInt16
        /// The group it is given to.
        var group: String
        /// Whether somebody chose the path.
        var isChosen = false
    }

    /// Figures of the whole machine.
    struct Host: Sendable, Equatable {
        /// Whether they are published.
        var enabled: Bool
    }

    /// Which cgroups are measured.
    struct Containers: Sendable, Equatable {
        /// Globs of the containers that are wanted.
        var include: [String]
        /// Globs of those that are not; they win.
        var exclude: [String]
        /// Globs of the systemd units that are measured beside the containers.
        var systemdUnits: [String]
        /// The most that are measured at a time.
        var limit: Int
        /// The most series of theirs that are on the page.
        var seriesLimit: Int
        /// Whether their open files are counted.
        var fileDescriptors = false
        /// Whether their open sockets are counted.
        var sockets = false
        /// Whether the file systems of their roots are measured.
        var filesystem = false
    }

    /// Name and value of a label that describes this agent.
    struct Label: Sendable, Equatable {
        /// A Prometheus label name.
        var name: String
        /// Any text.
        var value: String
    }

    /// What this daemon calls the thing it watches.
    var name: String
    /// The agent beside which it lives alone; nil for the whole machine.
    var agent: Agent?
    /// Labels that describe it, in the order of the file.
    var labels: [Label]
    /// Where the pages are served.
    var http: HTTP
    /// The Unix socket.
    var socket: Socket
    /// The machine.
    var host: Host
    /// The containers.
    var containers: Containers
    /// What checks get that do not say otherwise.
    var defaults: CheckDefaults
    /// The checks, in the order of the file.
    var checks: [ConfiguredCheck]
    /// What of the journal is read; nil where nobody wants it.
    var journal: JournalOptions?
    /// What works but should not be so, one sentence each.
    var warnings: [String]
    /// Whether there was no file, so that the built-in configuration is in force.
    var isBuiltIn = false
    /// The effective configuration as JSON, secrets masked; itself a configuration.
    var effectiveJSON: [UInt8]
}

/// What checks get that do not say otherwise.
struct CheckDefaults: Sendable, Equatable {
    /// Time between the starts of two attempts.
    var interval = Duration.seconds(10)
    /// The deadline of an attempt.
    var timeout = Duration.seconds(5)
    /// Consecutive fails until unhealthy.
    var fall = 3
    /// Consecutive non-passes until degraded; nil follows `fall`.
    var warnAfter: Int?
    /// Consecutive better results until it improves.
    var rise = 2

    /// The timeout of a check that says nothing of it: the default, or half the interval where that is too short
    /// for it, or else every check with a short interval would have to repeat both.
    func timeout(within interval: Duration) -> Duration { timeout < interval ? timeout : interval / 2 }
}
