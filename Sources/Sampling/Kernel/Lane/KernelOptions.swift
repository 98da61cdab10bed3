// SPDX-License-Identifier: Apache-2.0

package import Vitals

/// What of the kernel is read and shown; may be replaced while the daemon runs.
package struct KernelOptions: Sendable, Hashable {
    /// Which containers and units are on the page: globs on name, unit or id, `self`, `host`; `!` excludes.
    package var include: Selection
    /// Which of those are not.
    package var exclude: Selection
    /// Which systemd units count as something to measure, by their names.
    package var systemdUnits: [String]
    /// What checks name: measured first, and outside of every limit.
    package var checked: [Selection]
    /// At most this many containers and units on the page.
    package var containerLimit: Int
    /// At most this many container samples on the page.
    package var seriesLimit: Int
    /// Whether the host's own figures (`node_*`) are on the page.
    package var host: Bool
    /// Figures of containers that cost more than a kernel file each, and are read only where somebody wants them.
    package var details: Set<Detail>
    /// Paths whose file systems are measured.
    package var filesystems: [String]
    /// How many descriptors may be kept open; nil for what RLIMIT_NOFILE leaves.
    package var descriptorBudget: Int?

    /// One such group of figures.
    package enum Detail: Sendable, Hashable {
        /// Open files, a look at every process.
        case fileDescriptors
        /// Open sockets, a look at every open file.
        case sockets
        /// The file system of the root.
        case filesystem
    }

    /// Makes options; the defaults are those of an empty configuration.
    package init(
        include: Selection = .all, exclude: Selection = Selection([]), systemdUnits: [String] = ["*.service"],
        checked: [Selection] = [], containerLimit: Int = 1000, seriesLimit: Int = 100_000, host: Bool = true,
        filesystems: [String] = [], details: Set<Detail> = [], descriptorBudget: Int? = nil
    ) {
        self.include = include
        self.exclude = exclude
        self.systemdUnits = systemdUnits
        self.checked = checked
        self.containerLimit = containerLimit
        self.seriesLimit = seriesLimit
        self.host = host
        self.filesystems = filesystems
        self.details = details
        self.descriptorBudget = descriptorBudget
    }

    /// Whether a container or unit is on the page. `own` is the path of the cgroup that vitald lives in.
    func shows(_ identity: ContainerIdentity, isContainer: Bool, own: String?) -> Bool {
        // Who asks for `self` gets it, be it a service, a login session or a bare cgroup.
        let isOwn = identity.id == own && include.patterns.contains("self")
        if !isContainer, identity.id != "/", !isOwn,
            !systemdUnits.contains(where: { Glob.matches($0, identity.unit) })
        {
            return false
        }
        return Self.picks(include, identity, own: own) && !Self.picks(exclude, identity, own: own)
    }

    /// Like `Selection.picks`, with `self` (vitald's own cgroup and what lies below) and `host` (the root).
    static func picks(_ selection: Selection, _ identity: ContainerIdentity, own: String?) -> Bool {
        for pattern in selection.patterns where covers(selection, pattern, identity, own: own) {
            return !Selection.excludes(pattern)
        }
        return false
    }

    /// Whether one of a selection's patterns is about this identity.
    static func covers(
        _ selection: Selection, _ pattern: String, _ identity: ContainerIdentity, own: String?
    ) -> Bool {
        switch Selection.word(pattern) {
        case "self":
            own.map { identity.id == $0 || $0 == "/" || identity.id.hasPrefix($0 + "/") } ?? false
        case "host", "/": identity.id == "/"
        default: selection.covers(pattern, identity)
        }
    }
}
