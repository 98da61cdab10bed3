// SPDX-License-Identifier: Apache-2.0

/// Where a path lies: as vitald sees it, and as the machine does.
///
/// systemd's sandbox gives vitald mounts of its own: ProtectSystem= makes healthy disks look read-only,
/// ProtectHome= puts an empty tmpfs before them. What the machine thinks stands in pid 1's mountinfo.
struct FilesystemPlace: Sendable {
    /// The mount vitald measures.
    let own: Mount
    /// The mount that a call could hang on, where that is another one.
    let hazard: Mount?
    /// The mount as pid 1 has it; nil where pid 1 lives elsewhere (another root) or hides.
    let host: Mount?

    /// Looks a followed path up in both tables.
    init(_ path: MountPath, own: MountTable, first: MountTable?) {
        self.own = path.mount
        hazard = path.hazard
        // Another root device: pid 1 sees another tree of files, in which our path means something else.
        let isSameTree = first?.root?.device == own.root?.device
        host = isSameTree ? first?.mount(of: path.resolved) : nil
    }

    /// Names the mount among those that helpers hang on; differs once something else is mounted there.
    var key: String {
        let mount = hazard ?? own
        return "\(mount.id) \(mount.device)"
    }

    /// Whether it can be written, leaving vitald's sandbox aside.
    var access: MountAccess { (host ?? own).access }

    /// Whether the sandbox shows an empty tmpfs where the machine has something else.
    var isHidden: Bool {
        guard let host else { return false }
        return own.type == "tmpfs" && host.type != "tmpfs" && own.device != host.device
    }
}
