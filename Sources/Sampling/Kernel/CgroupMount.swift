// SPDX-License-Identifier: Apache-2.0

import Glibc
import Vitals

/// Where the cgroup2 tree is, and what the machine does not offer there.
struct CgroupMount: Hashable {
    /// The directory to read, through the roots; nil where cgroup2 is not mounted.
    var directory: String?
    /// The mount point as the kernel names it, for sentences.
    var point: String?
    /// What vitald's cgroup namespace calls the root of the tree: `/` as a rule, `/../..` where the tree begins above the
    /// namespace; nil where the tree is none of this machine's mounts.
    var root: CgroupPath?
    /// Whether `directory` is a whole mount, and no directory below one.
    var isWhole = true
    /// Whether --cgroup-root names it.
    var isNamed = false
    /// Whether version 1 holds controllers on this machine, or systemd's own tree: containers may live there alone.
    var isHybrid: Bool
    /// Whether procfs hides other users' processes from vitald (`hidepid=`).
    var hidesProcesses: Bool

    /// Finds the mount: never assume /sys/fs/cgroup, as a hybrid machine has cgroup2 at /sys/fs/cgroup/unified.
    /// `status` is vitald's own; where it cannot be read, `hidepid=` is taken to hide from vitald too. `isLive` says
    /// that the mounts are those of the kernel that runs and not of a captured tree.
    init(
        _ mounts: MountTable, _ roots: KernelRoots, status: ProcessStatus? = nil, isLive: Bool = false
    ) {
        hidesProcesses = mounts.mounts.contains {
            $0.type == "proc" && $0.point == "/proc" && Self.hidesProcesses($0.superOptions, from: status)
        }
        // A container may see parts of the tree bind-mounted elsewhere; the shortest place is the mount itself. That of
        // the host, mounted into a container, is read only where --cgroup-root names it.
        let candidates = mounts.mounts.filter { $0.type == "cgroup2" }
        let near = candidates.filter { !CgroupPath($0.root).leavesNamespace }
        let chosen = (near.isEmpty ? candidates : near).min { $0.point.utf8.count < $1.point.utf8.count }
        point = chosen?.point
        let hasFirst = mounts.mounts.contains { mount in
            mount.type == "cgroup"
                && Mount.words(mount.superOptions).contains { Self.decisive.contains(String($0)) }
        }
        // Who names the tree knows where the containers are.
        isHybrid = hasFirst && (roots.cgroup == nil || roots.cgroup == point)
        if let override = roots.cgroup {
            directory = override
            isNamed = true
            let place = isLive ? Self.resolved(override) : override
            if let mount = mounts.mount(of: place), mount.type == "cgroup2" {
                root = CgroupPath(Array(mount.root.utf8) + place.utf8.dropFirst(mount.point.utf8.count))
                isWhole = place == mount.point
            } else if !isLive {
                // A captured tree belongs to the captured procfs.
                root = CgroupPath(components: [])
            }
        } else if let chosen, let point {
            root = CgroupPath(chosen.root)
            directory = point == "/sys" || point.hasPrefix("/sys/") ? roots.sys + point.dropFirst(4) : point
            // Of a captured tree only what lies below its own sysfs can be read.
            if !point.hasPrefix("/sys/"), roots.sys != "/sys" { directory = nil }
        }
    }

    /// The hierarchies of version 1 by which container runtimes and systemd work. Others, such as net_cls, are mounted
    /// beside version 2 for a VPN or a firewall, and no container lives there.
    private static let decisive: Set<String> = [
        "cpu", "cpuacct", "memory", "pids", "blkio", "freezer", "name=systemd",
    ]

    /// What is said where there is no tree.
    static let absent = "no cgroup2 file system is mounted, so no container can be measured"
    static let absentRemedy =
        "Boot with systemd.unified_cgroup_hierarchy=1, or name the mount with --cgroup-root."
    /// The path without symbolic links, as mountinfo has it.
    private static func resolved(_ path: String) -> String {
        guard let resolved = realpath(path, nil) else { return path }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    /// `hidepid=` has been a number, 0 for off, and is a word since Linux 5.8 (proc(5)). It hides nothing from
    /// members of `gid=`, which is root's group where it is not said, nor from who may trace everybody; `ptraceable`
    /// (4) minds the latter alone.
    private static func hidesProcesses(_ options: String, from status: ProcessStatus?) -> Bool {
        var hiding: Substring = "off"
        var group: Int64 = 0
        for option in Mount.words(options) {
            // Not String.contains(String): it links 1.4 MiB of a regex engine.
            if option.hasPrefix("hidepid=") { hiding = option.dropFirst(8) }
            if option.hasPrefix("gid=") { group = Int64(option.dropFirst(4)) ?? -1 }
        }
        guard hiding != "off", hiding != "0" else { return false }
        guard let status else { return true }
        let mindsGroup = hiding != "ptraceable" && hiding != "4"
        return !status.maySeeAll && !(mindsGroup && status.groups.contains(group))
    }

    /// What a look at the root of the tree told.
    enum Root {
        /// It cannot be opened, and why.
        case closed(KernelFault?)
        /// It is there, and could not be looked at now.
        case unread
        /// Its controllers.
        case controllers(Set<String>)
    }

    /// What the machine does not offer, each with the reason and the remedy.
    func missing(root: Root, hasPressure: Bool) -> [KernelGap] {
        var gaps: [KernelGap] = []
        let place = directory ?? "cgroup2"
        if directory == nil {
            gaps.append(
                KernelGap(.containers, Self.absent, remedy: Self.absentRemedy))
        } else {
            switch root {
            case .unread: break
            case .controllers(let controllers):
                let absent = ["cpu", "memory", "io", "pids"].filter { !controllers.contains($0) }
                if !absent.isEmpty {
                    gaps.append(
                        KernelGap(
                            .containers,
                            "the cgroup2 tree at \(place) has no \(absent.joined(separator: ", ")) controller (cgroup "
                                + "version 1 holds it, or the kernel was built without), so those figures are missing",
                            remedy: "Boot with systemd.unified_cgroup_hierarchy=1 to get them."))
                }
            case .closed(let fault):
                gaps.append(
                    KernelGap(
                        .containers,
                        "\(place) cannot be read or is no cgroup2 tree\(fault.map { " (\($0.text))" } ?? ""), so no "
                            + "container can be measured",
                        remedy: fault?.cause == .resources
                            ? fault?.remedy ?? "" : "Check the path and its permissions."))
            }
        }
        if !hasPressure {
            gaps.append(
                KernelGap(
                    .pressure,
                    "the kernel offers no pressure stall information (it needs Linux 4.20 with CONFIG_PSI), so those "
                        + "figures are missing", remedy: "Add psi=1 to the kernel's command line."))
        }
        if hidesProcesses {
            gaps.append(
                KernelGap(
                    .processes,
                    "procfs is mounted with hidepid=, so network, start time and limits of other users' containers "
                        + "are missing",
                    remedy: "Mount it without, put vitald into the group of gid=, or give it CAP_SYS_PTRACE.")
            )
        }
        return gaps
    }
}
