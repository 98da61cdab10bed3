// SPDX-License-Identifier: Apache-2.0

import Glibc
import Vitals

/// One directory of the cgroup tree, known from its appearance to its end. The same path again is another node.
final class CgroupNode {
    /// What tells that a directory's entries are the same as before.
    struct Signature: Equatable {
        var links: UInt
        var modified: Int64
        var changed: Int64
    }

    let path: CgroupPath
    /// The last component, for C.
    let name: [CChar]
    weak var parent: CgroupNode?
    /// Kept open while descriptors last, else -1.
    var directory: Int32 = -1
    /// kernfs never gives an inode number twice; elsewhere an open directory keeps its own.
    let inode: UInt64
    var signature: Signature?
    var children: [CgroupNode] = []
    /// How many children were left out for a limit when it was last listed.
    var omitted = 0
    var processFile = KernelReader.KeptFile()
    var processes = CgroupProcs()
    /// Processes here and below; nil where some of them could not be looked at.
    var processesBelow: Int64? = 0
    /// The first process of the deepest populated cgroup here or below that is not another container's.
    var mainProcess: Int32 = 0
    var mainDepth = -1
    /// The cgroup that `mainProcess` lives in.
    weak var mainNode: CgroupNode?
    /// The container or unit that this very cgroup carries.
    let match: CgroupIdentity.Match?
    /// The slice that it is, which is a unit as well, but none that owns the processes below it.
    let slice: ContainerIdentity?
    /// Who it is, once it was asked.
    var identity: ContainerIdentity?
    /// When to ask once more, because its name was not known then; nil once it is settled.
    var namesDue: Instant?
    /// How often it was asked.
    var nameTries = 0
    /// Whether a check names it, as of that edition of the checks; nil where that has to be looked up.
    var checked: (edition: UInt64, isNamed: Bool)?
    /// Whether it is left out for the limit of containers.
    var isRefused = false
    /// Modification time when first seen, µs since the epoch: the kernel's nearest to a time of birth.
    let created: Int64
    /// When it was first seen, ns of the monotonic clock.
    var firstSeen = Int64.min
    /// The time of an earlier scan at which it was not there yet; nil where that is not known.
    var bornAfter: Int64?
    var isGone = false
    /// Why its directory could not be opened this time, so that nothing is known of it now; nil where it was.
    var fault: KernelFault?
    /// Why its children could not be listed this time.
    var listFault: KernelFault?
    /// Why its own processes could not be listed this time.
    var processFault: KernelFault?

    init(path: CgroupPath, parent: CgroupNode?, status: stat) {
        self.path = path
        self.parent = parent
        name = (path.components.last ?? []).map { CChar(bitPattern: $0) } + [0]
        inode = UInt64(status.st_ino)
        created = Int64(status.st_mtim.tv_sec) &* 1_000_000 &+ Int64(status.st_mtim.tv_nsec) / 1000
        match = CgroupIdentity.carried(by: path)
        slice = CgroupIdentity.slice(at: path)
    }

    var isRoot: Bool { path.components.isEmpty }

    /// Whether the path of this node lies at or below another.
    func lies(below path: CgroupPath) -> Bool { self.path.components.starts(with: path.components) }

    /// The node of a path at or below this one.
    func node(_ path: CgroupPath) -> CgroupNode? {
        var node = self
        for component in path.components.dropFirst(self.path.components.count) {
            guard let next = node.children.first(where: { $0.path.components.last == component }) else {
                return nil
            }
            node = next
        }
        return node
    }

    /// How many nodes are here and below.
    var size: Int { children.reduce(1) { $0 + $1.size } }

    /// How many children were left out here and below.
    var omittedBelow: Int { children.reduce(omitted) { $0 + $1.omittedBelow } }

    /// Gives back every descriptor, here and below.
    func close(_ reader: KernelReader) {
        isGone = true
        reader.release(&directory)
        reader.release(&processFile.descriptor)
        for child in children { child.close(reader) }
    }
}

extension CgroupNode.Signature {
    init(_ status: stat) {
        links = UInt(status.st_nlink)
        modified = Int64(status.st_mtim.tv_sec) &* 1_000_000_000 &+ Int64(status.st_mtim.tv_nsec)
        changed = Int64(status.st_ctim.tv_sec) &* 1_000_000_000 &+ Int64(status.st_ctim.tv_nsec)
    }
}
