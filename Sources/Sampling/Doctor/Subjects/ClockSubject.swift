// SPDX-License-Identifier: Apache-2.0

import Glibc
import Vitals

extension Subject {
    /// Whether the wall clock can be believed. What vitald computes is on the monotonic one, whatever this one does.
    static let clock = Subject("clock") { surroundings in
        guard let root = surroundings.roots.files else { return surroundings.captured("clock") }
        let wall = surroundings.time.wall
        // Nobody ran vitald before 2026: a machine without a battery begins in 1970.
        guard wall.nanoseconds > 1_767_225_600 * 1_000_000_000 else {
            return Diagnosis(
                "clock", .missing,
                "wall time is \(wall.rfc3339), which is not true: certificates will seem invalid",
                remedy: "Set it: timedatectl set-ntp true, or chronyd.")
        }
        // The mark of systemd-timesyncd(8); the pid files of chronyd(8) and ntpd(8).
        let keepers = [
            ("systemd-timesyncd", "/run/systemd/timesync/synchronized"),
            ("chronyd", "/run/chrony/chronyd.pid"),
            ("ntpd", "/run/ntpd.pid"),
        ]
        if let keeper = keepers.first(where: { surroundings.isOpen(root + $0.1, F_OK) }) {
            return Diagnosis("clock", .ok, "wall time is \(wall.rfc3339), kept by \(keeper.0)")
        }
        return Diagnosis(
            "clock", .unknown,
            "wall time is \(wall.rfc3339); who keeps it right cannot be seen, as in most containers and virtual machines",
            remedy: "Where nobody does: timedatectl set-ntp true. A jump harms no check, only labels of time."
        )
    }
}
