// SPDX-License-Identifier: Apache-2.0

/// One line of mountinfo (proc_pid_mountinfo(5), Linux 2.6.26).
///
/// ```
/// 36 35 98:0 /mnt1 /mnt/parent\040dir rw,noatime master:1 - ext3 /dev/root rw,errors=continue
/// id parent device root  mount point  options    tags…    - type source  super options
/// ```
struct Mount: Hashable, Sendable {
    /// The mount's own number; reused after it is gone.
    let id: Int64
    /// The mount that this one stands on.
    let parent: Int64
    /// `major:minor` of the file system.
    let device: String
    /// Where it is mounted, unescaped.
    let point: String
    /// Options of this mount.
    let options: [String]
    /// `ext4`, `nfs4`, `fuse.sshfs` …
    let type: String
    /// Options of the file system itself, shared by all its mounts.
    let superOptions: [String]

    /// Reads one line; nil where it is not one.
    init?(line: ArraySlice<UInt8>) {
        let fields = line.split(separator: UInt8(ascii: " "))
        // Six fixed fields, any number of tags, a lone hyphen, three more (the last of which may be missing).
        guard fields.count >= 9,
            let hyphen = fields.dropFirst(6).firstIndex(where: { $0.elementsEqual([UInt8(ascii: "-")]) }),
            hyphen + 2 < fields.count,
            let id = Int64(String(decoding: fields[0], as: UTF8.self)),
            let parent = Int64(String(decoding: fields[1], as: UTF8.self))
        else { return nil }
        self.id = id
        self.parent = parent
        device = String(decoding: fields[2], as: UTF8.self)
        point = MountText.unescape(fields[4])
        options = Self.words(fields[5])
        type = String(decoding: fields[hyphen + 1], as: UTF8.self)
        superOptions = hyphen + 3 < fields.count ? Self.words(fields[hyphen + 3]) : []
        guard point.utf8.first == UInt8(ascii: "/") else { return nil }
    }

    /// Who may change it: nobody, whoever mounted it so, or the kernel after a fault.
    var access: MountAccess {
        // ext4 and xfs keep `rw` after a fatal error on newer kernels and say it in these words instead.
        if superOptions.contains("shutdown") || superOptions.contains("emergency_ro") { return .lost }
        switch (options.contains("ro"), superOptions.contains("ro")) {
        // errors=remount-ro changes the file system and leaves the mount as it was.
        case (false, true): return .lost
        case (true, true): return .readOnly
        case (true, false): return .readOnlyMount
        case (false, false): return .writable
        }
    }

    /// Whether a call on it ends by itself: its data are on this machine. Everything else may hang for ever.
    var isLocal: Bool { Self.localTypes.contains(type) }

    /// Whether it stands for something that is mounted on first use, which nobody may trigger by measuring.
    var isAutomount: Bool { type == "autofs" }

    /// Whether it cannot be written by its nature, so that being read-only and full says nothing.
    var isImage: Bool { Self.imageTypes.contains(type) }

    private static let imageTypes: Set<String> = ["squashfs", "iso9660", "erofs", "cramfs", "romfs", "udf"]

    private static let localTypes: Set<String> = [
        "ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "bcachefs", "f2fs", "jfs", "reiserfs", "nilfs2",
        "minix",
        "tmpfs", "ramfs", "rootfs", "devtmpfs", "overlay", "vfat", "msdos", "exfat", "ntfs3", "hfs",
        "hfsplus", "ubifs",
        "jffs2", "squashfs", "iso9660", "erofs", "cramfs", "romfs", "udf",
    ]

    private static func words(_ field: ArraySlice<UInt8>) -> [String] {
        field.split(separator: UInt8(ascii: ",")).map { String(decoding: $0, as: UTF8.self) }
    }
}

/// Whether a mount can be written.
enum MountAccess: Sendable {
    /// It can.
    case writable
    /// The mount is read-only, the file system is not: a bind mount, a container's `--read-only`.
    case readOnlyMount
    /// Somebody mounted the file system read-only.
    case readOnly
    /// The kernel made the file system read-only or shut it down, usually after an I/O error.
    case lost
}
