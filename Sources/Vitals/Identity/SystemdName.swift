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
