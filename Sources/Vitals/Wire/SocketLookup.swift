// SPDX-License-Identifier: Apache-2.0

/// Where the socket is, for daemon and client alike: `--socket`, `$VITALD_SOCKET`, the system's place, the user's.
package enum SocketLookup {
    /// The place of a daemon that the system runs.
    package static let system = "/run/vitald/vitald.sock"

    /// The places in order of preference. A flag or the variable stands alone: whoever names a place means it.
    package static func places(flag: String?, variable: String?, runtimeDirectory: String?) -> [String] {
        if let flag { return [flag] }
        if let variable, !variable.isEmpty { return [variable] }
        guard let runtimeDirectory, !runtimeDirectory.isEmpty else { return [system] }
        let slash = runtimeDirectory.utf8.last == UInt8(ascii: "/") ? "" : "/"
        return [system, runtimeDirectory + slash + "vitald/vitald.sock"]
    }
}
