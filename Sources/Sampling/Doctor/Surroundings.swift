// SPDX-License-Identifier: Apache-2.0

import Glibc
package import Vitals

/// Where a subject looks.
package struct Surroundings: Sendable {
    /// Where the kernel's file systems are, and the machine's own files.
    let roots: KernelRoots
    /// What the sampler has found missing.
    let missing: @Sendable () -> [KernelGap]
    /// The clocks.
    let time: any TimeSource

    /// Gathers them.
    package init(roots: KernelRoots, missing: @escaping @Sendable () -> [KernelGap], time: any TimeSource) {
        self.roots = roots
        self.missing = missing
        self.time = time
    }

    /// Beyond this no file that a subject reads is what it should be.
    private static let longestText = 256 * 1024

    /// A small text file; nil where it cannot be read.
    func text(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        withUnsafeTemporaryAllocation(byteCount: 16 * 1024, alignment: 1) { room in
            while bytes.count < Self.longestText {
                let count = read(descriptor, room.baseAddress, room.count)
                guard count > 0 else { return }
                bytes.append(contentsOf: room[..<count])
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The place of a file of this machine; nil for a captured tree, which has none.
    func file(_ path: String) -> String? { roots.files.map { $0 + path } }

    /// Whether vitald may do this with a path, by its effective user and its capabilities; errno says why not.
    /// access(2) asks for the real user instead and forgets the capabilities of everybody but root.
    func isOpen(_ path: String, _ mode: Int32) -> Bool {
        faccessat(AT_FDCWD, path, mode, Int32(AT_EACCESS)) == 0
    }

    /// Whether the way to a path leads over local mounts alone: others may hang for ever, and nobody could end a thread
    /// that hangs with them.
    func isLocal(_ path: String) -> Bool {
        guard let text = text(roots.proc("self/mountinfo")) else { return false }
        return MountPath(path, in: MountTable(parsing: Array(text.utf8))).map { $0.hazard == nil } ?? true
    }

    /// What the sampler misses about something: the first one whole, of the others how many there are.
    func gap(_ topic: KernelGap.Topic) -> KernelGap? {
        let gaps = missing().filter { $0.topic == topic }
        guard let first = gaps.first, gaps.count > 1 else { return gaps.first }
        return KernelGap(
            topic, first.fact, remedy: first.remedy + " The journal tells \(gaps.count - 1) more.")
    }

    /// What is said where there is nothing to look at.
    func captured(_ subject: String) -> Diagnosis {
        Diagnosis(
            subject, .unknown,
            "vitald reads a captured tree (--proc-root), to which this machine's files do not belong",
            remedy: "Start vitald without --proc-root.")
    }
}
