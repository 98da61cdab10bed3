// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What does not change while the machine runs.
struct HostIdentity {
    var bootID = ""
    var machineID = ""
    var systemUUID = ""
    /// In the order of node_exporter: domainname, machine, nodename, release, sysname, version.
    var uname: [(name: String, value: String)] = []

    init(_ roots: KernelRoots, _ reader: KernelReader) {
        bootID = Self.line(roots.proc("sys/kernel/random/boot_id"), reader)
        if let files = roots.files { machineID = Self.line(files + "/etc/machine-id", reader) }
        // Readable by root alone.
        systemUUID = Self.line(roots.sys("class/dmi/id/product_uuid"), reader)
        let machine = Self.line(roots.proc("sys/kernel/arch"), reader)
        uname = [
            ("domainname", Self.line(roots.proc("sys/kernel/domainname"), reader)),
            ("machine", machine.isEmpty ? (roots.files == nil ? "" : Self.machine()) : machine),
            ("nodename", Self.line(roots.proc("sys/kernel/hostname"), reader)),
            ("release", Self.line(roots.proc("sys/kernel/osrelease"), reader)),
            ("sysname", Self.line(roots.proc("sys/kernel/ostype"), reader)),
            ("version", Self.line(roots.proc("sys/kernel/version"), reader)),
        ]
    }

    private static func line(_ path: String, _ reader: KernelReader) -> String {
        guard case .bytes(var bytes) = reader.read(path: path), let (line, _) = bytes.nextLine() else {
            return ""
        }
        return bytes.text(line)
    }

    /// /proc/sys/kernel/arch came with 6.1.
    private static func machine() -> String {
        var name = utsname()
        guard Glibc.uname(&name) == 0 else { return "" }
        return withUnsafeBytes(of: name.machine) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
    }
}
