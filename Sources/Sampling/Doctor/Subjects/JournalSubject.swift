// SPDX-License-Identifier: Apache-2.0

import Glibc
import Vitals

extension Subject {
    /// Whether the system's journal is there and open to vitald (systemd-journald.service(8)).
    static let journal = Subject("journal") { surroundings in
        guard let root = surroundings.roots.files else { return surroundings.captured("journal") }
        // The directory of the machine holds the files, of which this one is always there; others may list the
        // directory and not read them.
        let machine = surroundings.machineText("/etc/machine-id")?.split(separator: "\n").first ?? ""
        let places = ["/var/log/journal", "/run/log/journal"]
        guard !machine.isEmpty,
            let place = places.first(where: {
                surroundings.isLocal(root + $0) && surroundings.isOpen("\(root)\($0)/\(machine)", F_OK)
            })
        else {
            return Diagnosis(
                "journal", .limited,
                "there is no journal of this machine here, so no unit's lines can be counted",
                remedy:
                    "Start systemd-journald, or mount /var/log/journal and /etc/machine-id into the container."
            )
        }
        guard [0, ENOENT].contains(surroundings.denial("\(root)\(place)/\(machine)/system.journal", R_OK))
        else {
            return Diagnosis(
                "journal", .limited, "\(place) is closed to vitald, so no unit's lines can be counted",
                remedy: "Put vitald into the group: SupplementaryGroups=systemd-journal, as its unit has it.")
        }
        guard surroundings.isOpen(root + "/run/systemd/journal/socket", F_OK) else {
            return Diagnosis(
                "journal", .limited,
                "\(place) is open to vitald, but nothing new is written: journald is not running",
                remedy: "Start it: systemctl start systemd-journald.")
        }
        return Diagnosis("journal", .ok, "\(place) is open to vitald, and journald is running")
    }
}
