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
    /// The part of the file system that is mounted, unescaped; `/` for all of it.
    let root: String
    /// Where it is mounted, unescaped.
    var point: String
    /// Options of this mount: `rw,nosuid`.
    let options: String
    /// `ext4`, `nfs4`, `fuse.sshfs` …
    let type: String
    /// What is mounted, unescaped: `/dev/vda`, `server:/export`; may be empty.
    var source: String
    /// Options of the file system itself, shared by all its mounts.
    let superOptions: String

    /// Reads one line; nil where it is not one.
    init?(_ bytes: KernelBytes, line: Range<Int>) {
        var fields = bytes.fields(line)
        guard let id = fields.next().flatMap(bytes.number), let parent = fields.next().flatMap(bytes.number),
            let device = fields.next(), let root = fields.next(), let point = fields.next(),
            let options = fields.next(), bytes[point.lowerBound] == UInt8(ascii: "/")
        else { return nil }
        // Any number of tags, ended by a hyphen.
        var tag = fields.next()
        while let other = tag, !bytes.equals(other, "-") { tag = fields.next() }
        guard tag != nil, let type = fields.next() else { return nil }
        // A source without a name leaves two blanks.
        let hasSource = bytes[type.upperBound + 1] != UInt8(ascii: " ")
        let source = hasSource ? fields.next() : type.upperBound..<type.upperBound
        guard let source else { return nil }
        self.id = id
        self.parent = parent
        self.device = Self.text(bytes, device)
        self.root = Self.text(bytes, root)
        self.point = Self.text(bytes, point)
        self.options = Self.text(bytes, options)
        self.type = Self.text(bytes, type)
        self.source = Self.text(bytes, source)
        superOptions = fields.next().map { Self.text(bytes, $0) } ?? ""
    }

    /// Who may change it: nobody, whoever mounted it so, or the kernel after a fault.
    var access: MountAccess {
        // ext4 and xfs keep `rw` after a fatal error on newer kernels and say it in these words instead.
        let system = Self.words(superOptions)
        if system.contains("shutdown") || system.contains("emergency_ro") { return .lost }
        switch (Self.words(options).contains("ro"), system.contains("ro")) {
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

    /// The single options of `options` or `superOptions`.
    static func words(_ options: String) -> [Substring] { options.split(separator: ",") }

    private static func text(_ bytes: KernelBytes, _ range: Range<Int>) -> String {
        bytes.firstIndex(of: UInt8(ascii: "\\"), in: range) == nil
            ? bytes.text(range) : MountText.unescape(bytes.array(range)[...])
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
