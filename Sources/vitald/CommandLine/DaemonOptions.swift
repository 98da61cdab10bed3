// SPDX-License-Identifier: Apache-2.0

import Vitals

/// What the command line and the environment say, flags first.
struct DaemonOptions: Sendable, Equatable {
    /// `--config`, else `$VITALD_CONFIG`, else the usual place.
    var configuration = ConfigurationSource.usual(ConfigurationSource.usualPath)
    /// `--http`, as often as it was given; empty leaves it to the file.
    var http: [ListenAddress] = []
    /// `--socket`, else `$VITALD_SOCKET`; nil leaves it to the file.
    var socketPath: String?
    /// `--instance`: the agent beside which this vitald lives alone; nil for the one of the whole machine.
    var instance: InstanceName?
    /// `--proc-root`
    var procRoot = "/proc"
    /// `--sys-root`
    var sysRoot = "/sys"
    /// `--cgroup-root`; nil is the cgroup2 mount, `fs/cgroup` below `sysRoot`.
    var cgroupRoot: String?
    /// `--log-level`
    var logLevel = LogLevel.info
    /// `--log-format`
    var logFormat = LogFormat.auto
}

/// How much is logged.
enum LogLevel: String, CaseIterable, Sendable {
    /// Every step.
    case trace
    /// What a developer wants to know.
    case debug
    /// What an operator may want to know.
    case info
    /// Changes of health and nothing less.
    case notice
    /// What should not be so.
    case warning
    /// What does not work.
    case error
    /// What ends the daemon.
    case critical
}

/// How logs are written.
enum LogFormat: String, CaseIterable, Sendable {
    /// To journald where it listens, else text on a terminal, else JSON.
    case auto
    /// journald's native fields.
    case journal
    /// One JSON object a line on standard error.
    case json
    /// One sentence a line on standard error.
    case text
}
