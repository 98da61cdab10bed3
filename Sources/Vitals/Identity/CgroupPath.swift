// SPDX-License-Identifier: Apache-2.0

/// A cgroup path as the kernel has it, split into its components, with the text that stands for it on the page.
///
/// The kernel takes any byte but `/`, NUL and the line feed in a cgroup's name (`cgroup_mkdir`), so a name need
/// not be UTF-8. Bytes that are not are written as systemd would: `\xff`.
package struct CgroupPath: Sendable, Hashable {
    /// The components from the root downward; empty for the root itself.
    package let components: [[UInt8]]

    /// Splits a path; empty components and a trailing `/` fall away.
    package init(_ bytes: some Sequence<UInt8>) {
        var components: [[UInt8]] = []
        var current: [UInt8] = []
        for byte in bytes {
            if byte == UInt8(ascii: "/") {
                if !current.isEmpty { components.append(current) }
                current.removeAll()
            } else {
                current.append(byte)
            }
        }
        if !current.isEmpty { components.append(current) }
        self.components = components
    }

    /// Takes ready components.
    package init(components: [[UInt8]]) { self.components = components }

    /// Splits a path.
    package init(_ text: String) { self.init(text.utf8) }

    /// The path with one more component.
    package func appending(_ name: [UInt8]) -> CgroupPath { CgroupPath(components: components + [name]) }

    /// Whether it leads out of the cgroup namespace: the kernel then begins it with `/..`.
    package var leavesNamespace: Bool { components.contains { $0 == [0x2e, 0x2e] } }

    /// Leading `/`, no trailing one; the root is `/`. Always UTF-8.
    package var text: String { CgroupPath.text(components[...]) }

    static func text(_ components: ArraySlice<[UInt8]>) -> String {
        if components.isEmpty { return "/" }
        var text = ""
        for component in components {
            text += "/"
            text += ReadableBytes.text(component)
        }
        return text
    }
}

/// Makes text of bytes that are mostly, but not surely, UTF-8.
package enum ReadableBytes {
    /// The text; every byte that is not part of UTF-8 becomes `\xHH`, so that two names stay two names.
    package static func text(_ bytes: some Collection<UInt8>) -> String {
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        var out: [UInt8] = []
        let all = Array(bytes)
        var i = 0
        while i < all.count {
            var length = 1
            var isText = all[i] < 0x80
            if !isText {
                for candidate in 2...4 where i + candidate <= all.count {
                    if String(validating: all[i..<i + candidate], as: UTF8.self) != nil {
                        length = candidate
                        isText = true
                        break
                    }
                }
            }
            if isText {
                out.append(contentsOf: all[i..<i + length])
            } else {
                let digits = Array("0123456789abcdef".utf8)
                out.append(contentsOf: [0x5c, 0x78, digits[Int(all[i] >> 4)], digits[Int(all[i] & 15)]])
            }
            i += length
        }
        return String(decoding: out, as: UTF8.self)
    }
}
