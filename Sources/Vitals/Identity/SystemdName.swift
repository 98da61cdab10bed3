// SPDX-License-Identifier: Apache-2.0

/// The names that systemd gives to cgroups.
package enum SystemdName {
    /// The unit's name behind a cgroup component: `\x2d` becomes `-`, and the `_` falls away that systemd puts
    /// before names which would clash with the kernel's own files (`cg_escape`).
    package static func unescape(_ component: some Collection<UInt8>) -> String {
        var bytes = Array(component)
        if bytes.first == UInt8(ascii: "_") { bytes.removeFirst() }
        return ReadableBytes.text(unescaped(bytes))
    }

    /// Where systemd keeps a unit's cgroup if nobody says otherwise (`Slice=`): a slice below those that its dashes name,
    /// an instance in the slice of its template, everything else in system.slice; virtual machines and containers in
    /// machine.slice, and `init.scope` at the root.
    package static func usualPaths(of unit: String) -> [CgroupPath] {
        guard !unit.utf8.contains(UInt8(ascii: "/")) else { return [] }
        if unit.hasSuffix(".slice") {
            let parts = unit.dropLast(".slice".utf8.count).split(separator: "-")
            let slices = parts.indices.map { parts[...$0].joined(separator: "-") + ".slice" }
            return [CgroupPath(slices.joined(separator: "/"))]
        }
        guard unit.hasSuffix(".service") || unit.hasSuffix(".scope") else { return [] }
        var paths = [unit, "system.slice/\(unit)", "machine.slice/\(unit)"]
        if let at = unit.firstIndex(of: "@") {
            // A template's own dashes are escaped, or they would be slices.
            let template = unit[..<at].split(separator: "-", omittingEmptySubsequences: false)
                .joined(separator: "\\x2d")
            paths.append("system.slice/system-\(template).slice/\(unit)")
        }
        return paths.map { CgroupPath($0) }
    }

    /// Turns every `\xHH` into its byte; anything else that follows a backslash stays as it is.
    static func unescaped(_ bytes: [UInt8]) -> [UInt8] {
        guard bytes.contains(UInt8(ascii: "\\")) else { return bytes }
        var out: [UInt8] = []
        var i = 0
        while i < bytes.count {
            if bytes[i] == UInt8(ascii: "\\"), i + 3 < bytes.count, bytes[i + 1] == UInt8(ascii: "x"),
                let high = digit(bytes[i + 2]), let low = digit(bytes[i + 3])
            {
                out.append(high << 4 | low)
                i += 4
            } else {
                out.append(bytes[i])
                i += 1
            }
        }
        return out
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte &- UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte &- UInt8(ascii: "a") &+ 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte &- UInt8(ascii: "A") &+ 10
        default: nil
        }
    }
}
