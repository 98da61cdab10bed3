// SPDX-License-Identifier: Apache-2.0

package import Vitals

/// What belongs to the daemon itself and is looked at with the rest: its files, its log, what it measures. Looks may
/// wait here, for they are on lanes.
package struct House: Sendable {
    /// The user that vitald runs as.
    package var user: UInt32
    /// The file of the configuration; nil for none.
    package var configuration: String?
    /// `$CREDENTIALS_DIRECTORY` (systemd.exec(5)); nil where systemd handed nothing over.
    package var credentials: String?
    /// The paths of the Unix sockets that are served.
    package var sockets: @Sendable () -> [String]
    /// Where the log's lines go.
    package var log: @Sendable () -> LogStanding
    /// The cgroups of the containers and units that are measured, below the tree's root; nil where the sampler does not
    /// answer.
    package var measured: @Sendable () -> [String]?

    /// Describes a house.
    package init(
        user: UInt32, configuration: String?, credentials: String?,
        sockets: @escaping @Sendable () -> [String], log: @escaping @Sendable () -> LogStanding,
        measured: @escaping @Sendable () -> [String]?
    ) {
        self.user = user
        self.configuration = configuration
        self.credentials = credentials
        self.sockets = sockets
        self.log = log
        self.measured = measured
    }
}
