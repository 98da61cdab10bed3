// SPDX-License-Identifier: Apache-2.0

import Glibc
import Vitals

/// The names of block devices: `/sys/dev/block/254:0` is a link to `…/block/vda`.
final class BlockDevices {
    /// Names are kept; more than this many numbers mean that devices come and go, and old names are forgotten.
    static let kept = 1024

    private let roots: KernelRoots
    private var names: [String: String] = [:]

    init(_ roots: KernelRoots) { self.roots = roots }

    /// `/dev/vda`, or `MAJ:MIN` where the device has no name any more.
    func name(_ major: Int64, _ minor: Int64) -> String {
        let number = "\(major):\(minor)"
        if let name = names[number] { return name }
        var target = [UInt8](repeating: 0, count: 4096)
        let count = readlink(roots.sys("dev/block/" + number), &target, target.count)
        var name = number
        if count > 0, let last = target[..<count].split(separator: UInt8(ascii: "/")).last {
            name = "/dev/" + ReadableBytes.text(last)
        }
        if names.count >= Self.kept { names.removeAll() }
        names[number] = name
        return name
    }
}
