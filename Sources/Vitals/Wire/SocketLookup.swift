// SPDX-License-Identifier: Apache-2.0

/// Where the socket is, for daemon and client alike: `--socket`, `$VITALD_SOCKET`, the system's place, the user's.
package enum SocketLookup {
    /// Where the daemons that the system runs have their sockets.
    package static let directory = "/run/vitald"
    /// The place of the daemon of the whole machine.
    package static let system = directory + "/vitald.sock"

    /// The places in order of preference. A flag, an instance or the variable stands alone: whoever names a place means
    /// it. Else `own` comes first: the instances that live beside the service that the caller belongs to.
    package static func places(
        flag: String?, instance: InstanceName? = nil, variable: String?, own: [InstanceName] = [],
        runtimeDirectory: String?
    ) -> [String] {
        if let flag { return [flag] }
        if let instance { return [instance.socketPath] }
        if let variable, !variable.isEmpty { return [variable] }
        let usual = own.map(\.socketPath) + [system]
        guard let runtimeDirectory, !runtimeDirectory.isEmpty else { return usual }
        let slash = runtimeDirectory.utf8.last == UInt8(ascii: "/") ? "" : "/"
        return usual + [runtimeDirectory + slash + "vitald/vitald.sock"]
    }

    /// The services that a process belongs to, the innermost first, by its `/proc/PID/cgroup` (cgroups(7)).
    ///
    /// ```
    /// 0::/system.slice/agno-data-api.service/child
    /// ```
    /// The unified hierarchy comes last and has number 0; on a hybrid machine systemd's own has a name instead.
    package static func services(inCgroupFile text: String) -> [InstanceName] {
        var path: Substring?
        for line in text.split(separator: "\n") {
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { continue }
            if fields[1] == "name=systemd" || fields[0] == "0" && path == nil { path = fields[2] }
        }
        return (path ?? "").split(separator: "/").reversed().filter { $0.hasSuffix(".service") }
            .compactMap { try? InstanceName(String($0)) }
    }
}
