// SPDX-License-Identifier: Apache-2.0

/// `/proc/self/mountinfo` (proc(5)).
/// ```
/// 31 24 0:26 / /sys/fs/cgroup rw,nosuid shared:8 - cgroup2 cgroup2 rw,nsdelegate
/// ```
/// Blank, tab, line feed and backslash inside of paths are written as `\040`, `\011`, `\012`, `\134`.
struct MountInfo: Hashable {
    /// One mount.
    struct Mount: Hashable {
        /// The part of the file system that is mounted; `/` for all of it.
        var root: String
        /// Where it is mounted.
        var point: String
        /// Options of this mount: `rw,nosuid`.
        var options: String
        /// `ext4`, `cgroup2` …
        var type: String
        /// `/dev/vda`
        var source: String
        /// Options of the file system.
        var superOptions: String
    }

    /// At most this many mounts: a host of 1,000 containers has some thousands.
    static let limit = 65_536

    /// In the order of the kernel; later ones cover earlier ones at the same place.
    var mounts: [Mount] = []

    init(parsing bytes: KernelBytes) {
        var bytes = bytes
        while let (line, isWhole) = bytes.nextLine(), mounts.count < Self.limit {
            guard isWhole else { continue }
            var fields = bytes.fields(line)
            guard fields.next() != nil, fields.next() != nil, fields.next() != nil,
                let root = fields.next(), let point = fields.next(), let options = fields.next()
            else { continue }
            // Any number of optional fields, ended by a dash.
            var found = false
            while let field = fields.next() {
                if bytes.equals(field, "-") {
                    found = true
                    break
                }
            }
            guard found, let type = fields.next(), let source = fields.next() else { continue }
            let superOptions = fields.next()
            mounts.append(
                Mount(
                    root: Self.text(bytes, root), point: Self.text(bytes, point),
                    options: Self.text(bytes, options), type: Self.text(bytes, type),
                    source: Self.text(bytes, source),
                    superOptions: superOptions.map { Self.text(bytes, $0) } ?? ""))
        }
    }

    /// The mount that a path lies on; the one mounted last where several do.
    func mount(of path: String) -> Mount? {
        var best: Mount?
        for mount in mounts
        where mount.point == "/" || path == mount.point || path.hasPrefix(mount.point + "/") {
            if mount.point.utf8.count >= best?.point.utf8.count ?? 0 { best = mount }
        }
        return best
    }

    private static func text(_ bytes: KernelBytes, _ range: Range<Int>) -> String {
        var out: [UInt8] = []
        var i = range.lowerBound
        while i < range.upperBound {
            if bytes[i] == UInt8(ascii: "\\"), i + 3 < range.upperBound,
                let code = octal(bytes[i + 1], bytes[i + 2], bytes[i + 3])
            {
                out.append(code)
                i += 4
            } else {
                out.append(bytes[i])
                i += 1
            }
        }
        return String(decoding: out, as: UTF8.self)
    }

    private static func octal(_ a: UInt8, _ b: UInt8, _ c: UInt8) -> UInt8? {
        let digits = [a &- 0x30, b &- 0x30, c &- 0x30]
        guard digits.allSatisfy({ $0 < 8 }), digits[0] < 4 else { return nil }
        return digits[0] << 6 | digits[1] << 3 | digits[2]
    }
}
