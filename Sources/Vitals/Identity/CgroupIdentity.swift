// SPDX-License-Identifier: Apache-2.0

/// Tells from a cgroup path alone which container or unit it is or belongs to; needs no runtime and no socket.
package enum CgroupIdentity {
    /// What was found: the identity, and how many components of the path lead to the cgroup that carries it.
    package struct Match: Sendable, Hashable {
        /// Who it is; `id` is the path of the cgroup that carries the match.
        package var identity: ContainerIdentity
        /// How many leading components lead to that cgroup.
        package var depth: Int
        /// Whether it is a container (else a systemd unit).
        package var isContainer: Bool
        /// The runtime's full id; empty where the runtime has only names.
        package var hex: String
    }

    /// The container or unit that a path is or lies in; nil where it is neither.
    ///
    /// Components are taken from the leaf upward. The first container wins, whatever services run inside it; a unit
    /// counts where no container stands above it, and never for what lives in a monitor or a mount.
    package static func match(_ path: CgroupPath) -> Match? {
        let components = path.components[...]
        var unit: (depth: Int, name: String)?
        for depth in stride(from: components.count, to: 0, by: -1) {
            switch ContainerRuntime.meaning(components.prefix(depth)) {
            case .container(let runtime, let hex, let name):
                var identity = ContainerIdentity(id: CgroupPath.text(components.prefix(depth)))
                identity.runtime = runtime
                // Twelve digits are what `docker ps` and `podman ps` show.
                identity.name = name.isEmpty ? String(hex.prefix(shortID)) : name
                surroundings(components.prefix(depth), into: &identity)
                return Match(identity: identity, depth: depth, isContainer: true, hex: hex)
            case .nothing:
                // A monitor's scope is a unit by its name, but not one that anybody asked for. A mount inside a
                // container that runs systemd belongs to the container.
                unit = nil
            case .unit(let name):
                if unit == nil { unit = (depth, name) }
            case .plain:
                continue
            }
        }
        guard let unit else { return nil }
        var identity = ContainerIdentity(id: CgroupPath.text(components.prefix(unit.depth)))
        identity.runtime = "systemd"
        surroundings(components.prefix(unit.depth), into: &identity)
        identity.unit = unit.name
        return Match(identity: identity, depth: unit.depth, isContainer: false, hex: "")
    }

    /// The match of a path whose own cgroup carries it; nil for everything inside a container or unit.
    package static func carried(by path: CgroupPath) -> Match? {
        guard let match = match(path), match.depth == path.components.count else { return nil }
        return match
    }

    /// The slice that a path's own cgroup is: a unit that holds others, and that has processes only below it. One inside
    /// of a container belongs to the container.
    package static func slice(at path: CgroupPath) -> ContainerIdentity? {
        guard let name = path.components.last, name.hasSuffix(".slice") else { return nil }
        if let match = match(path), match.isContainer { return nil }
        var identity = ContainerIdentity(id: path.text)
        identity.runtime = "systemd"
        surroundings(path.components[...], into: &identity)
        identity.unit = SystemdName.unescape(name)
        return identity
    }

    private static let shortID = 12

    /// Unit, pod and user, as the components at and above the match tell them.
    private static func surroundings(
        _ components: ArraySlice<[UInt8]>, into identity: inout ContainerIdentity
    ) {
        for (depth, component) in components.enumerated() {
            if let uid = KubernetesPod.uid(component) { identity.pod = uid }
            // Of units that enclose each other the innermost is the one that the container belongs to.
            if component.hasSuffix(".service") || component.hasSuffix(".scope") {
                identity.unit = SystemdName.unescape(component)
            }
            // A user's own manager: everything below it belongs to that user.
            if depth < components.count - 1, let uid = component.between("user@", ".service"), !uid.isEmpty,
                uid.allSatisfy(\.isDigit)
            {
                identity.uid = uid.string
            }
        }
    }
}
