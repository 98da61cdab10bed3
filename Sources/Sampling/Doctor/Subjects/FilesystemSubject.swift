// SPDX-License-Identifier: Apache-2.0

import Vitals

extension Subject {
    /// Which of the machine's file systems are hidden from vitald by its sandbox (ProtectHome=, InaccessiblePaths= of
    /// systemd.exec(5)): its table of mounts beside that of process 1. No mount is touched.
    static let filesystems = Subject("filesystems") { surroundings in
        guard surroundings.roots.files != nil else { return surroundings.captured("filesystems") }
        guard let own = surroundings.mounts, let first = surroundings.mounts(of: "1") else {
            return Diagnosis(
                "filesystems", .unknown, "the mounts of vitald and of process 1 cannot be compared",
                remedy:
                    "Run vitald with ProtectProc=default, and where \(surroundings.roots.proc) is a procfs.")
        }
        // What is on a disk; the rest is made by the kernel or belongs to containers.
        let disks = first.mounts.filter { $0.isLocal && !$0.isImage && !passing.contains($0.type) }.map(
            \.point)
        let places = Set(disks + ["/home", "/root"])
        let hidden = places.filter { place in
            guard let there = first.mount(of: place), let here = own.mount(of: place) else { return false }
            return there.device != here.device
        }
        // What lies below a hidden place is hidden with it.
        let shown = hidden.filter { place in
            !hidden.contains { $0 != place && place.hasPrefix($0 == "/" ? "/" : $0 + "/") }
        }.sorted()
        guard shown.isEmpty else {
            return Diagnosis(
                "filesystems", .limited,
                "\(shown.prefix(placesShown).joined(separator: ", "))"
                    + (shown.count > placesShown ? " and \(shown.count - placesShown) more" : "")
                    + " \(shown.count == 1 ? "is" : "are") covered or not mounted for vitald: sizes there are of something "
                    + "else or missing",
                remedy:
                    "Set ProtectHome=read-only, as its unit has it, and mount what it is to measure into its container."
            )
        }
        let isReadOnly = own.root.map { $0.access != .writable } ?? false
        let count = Set(disks.compactMap { first.mount(of: $0)?.device }).count
        return Diagnosis(
            "filesystems", .ok,
            "nothing is hidden: vitald sees \(count) file system\(count == 1 ? "" : "s") on disks, as process 1 does"
                + (isReadOnly ? "; / is read-only for vitald, which writes nothing there" : ""))
    }

    private static let passing: Set<String> = ["tmpfs", "ramfs", "rootfs", "devtmpfs", "overlay"]
    /// As many as fit into a line of the answer.
    private static let placesShown = 5
}
