// SPDX-License-Identifier: Apache-2.0

import Glibc
import Vitals

extension Subject {
    /// Which secrets systemd hands over (LoadCredential= of systemd.exec(5)): their names, never what is in them.
    static let credentials = Subject("credentials") { surroundings in
        guard let directory = surroundings.house.credentials else {
            return Diagnosis(
                "credentials", .ok,
                "systemd hands over none (LoadCredential=)")
        }
        guard surroundings.isLocal(directory) else {
            return Diagnosis(
                "credentials", .unknown, "\(directory) lies on a mount that may hang, so it is not looked at",
                remedy: "Leave $CREDENTIALS_DIRECTORY to systemd.")
        }
        guard let names = surroundings.names(in: directory) else {
            return Diagnosis(
                "credentials", .limited,
                "\(directory) cannot be listed: \(String(cString: strerror(errno))), so no passwordCredential works",
                remedy: "Restart the unit; systemd makes the directory for its user at each start.")
        }
        guard !names.isEmpty else {
            return Diagnosis(
                "credentials", .limited, "\(directory) is empty, so no passwordCredential works",
                remedy: "Add LoadCredential=NAME:FILE to the unit.")
        }
        let shown = names.sorted().prefix(namesShown).joined(separator: ", ")
        let more = names.count > namesShown ? " and \(names.count - namesShown) more" : ""
        return Diagnosis("credentials", .ok, "\(shown)\(more), in \(directory)")
    }

    /// As many as fit into a line of the answer.
    private static let namesShown = 10
}
