// SPDX-License-Identifier: Apache-2.0

/// Some of root's powers, one bit each, as `/proc/PID/status` writes them (capabilities(7)):
/// ```
/// CapEff:	0000000000080004
/// CapBnd:	000001ffffffffff
/// ```
struct CapabilitySet: Hashable {
    /// The bits; the lowest is CAP_CHOWN.
    let bits: UInt64

    /// Reads a line of a status; nil where there is no such line or it holds no number.
    init?(_ key: String, in status: String) {
        let line = status.split(separator: "\n").first { $0.hasPrefix(key + ":") }
        guard let word = line?.dropFirst(key.utf8.count + 1).filter({ !$0.isWhitespace }),
            let bits = UInt64(word, radix: 16)
        else { return nil }
        self.bits = bits
    }

    init(bits: UInt64) { self.bits = bits }

    static let none = CapabilitySet(bits: 0)
    /// `CAP_DAC_READ_SEARCH`, by which the open files of any process are listed, and the files of container runtimes read.
    static let search = CapabilitySet(bits: 1 << 2)
    /// `CAP_SYS_PTRACE`, by which it is told what each of those open files is, and which no `hidepid=` stops.
    static let tracing = CapabilitySet(bits: 1 << 19)
    /// Those that vitald has use for, as the drop-in deep.conf gives them.
    static let deepView = CapabilitySet(bits: search.bits | tracing.bits)

    var isEmpty: Bool { bits == 0 }

    func contains(_ other: CapabilitySet) -> Bool { bits & other.bits == other.bits }

    func subtracting(_ other: CapabilitySet) -> CapabilitySet { CapabilitySet(bits: bits & ~other.bits) }

    func intersection(_ other: CapabilitySet) -> CapabilitySet { CapabilitySet(bits: bits & other.bits) }

    /// Their names, the lowest bit first; one that a later kernel added has its number.
    var names: [String] {
        (0..<UInt64.bitWidth).filter { bits >> $0 & 1 == 1 }.map { bit in
            bit < Self.known.count ? "CAP_" + Self.known[bit] : "capability \(bit)"
        }
    }

    /// In the order of linux/capability.h (Linux 5.9).
    private static let known = [
        "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP",
        "LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW", "IPC_LOCK",
        "IPC_OWNER",
        "SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT",
        "SYS_NICE",
        "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD", "LEASE", "AUDIT_WRITE", "AUDIT_CONTROL",
        "SETFCAP",
        "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF",
        "CHECKPOINT_RESTORE",
    ]
}
