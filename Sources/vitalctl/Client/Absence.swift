// SPDX-License-Identifier: Apache-2.0

import Glibc
import Vitals

/// Why vitald is not reached, as far as it can be seen without it.
enum Absence {
    /// One finding for each place that was tried, and what is known of units and instances.
    static func findings(_ failure: Failure) -> [Diagnosis] {
        var findings: [Diagnosis] = []
        if case .notFound(let attempts) = failure {
            findings += attempts.map { attempt in
                Diagnosis(
                    "socket", .missing, "\(attempt.path): \(attempt.text)", remedy: remedy(attempt))
            }
        } else {
            findings.append(Diagnosis("socket", .missing, failure.description))
        }
        findings.append(unit)
        let instances = instances
        if !instances.isEmpty {
            findings.append(
                Diagnosis(
                    "instances", .ok,
                    "beside \(instances.map(\.description).joined(separator: ", ")) a vitald has its socket: vitalctl "
                        + "-i \(instances[0].quoted) status asks it"))
        }
        return findings
    }

    private static func remedy(_ attempt: Failure.Attempt) -> String {
        if attempt.isForbidden {
            return "Run as root, or join the group of the socket (usermod -aG vitald USER) and log in again."
        }
        if attempt.isMissing { return "Start vitald, or say where its socket is: --socket PATH." }
        if attempt.isRefused {
            return "A socket is there and nobody serves it: systemctl status vitald tells why."
        }
        return "Try again. If it stays so, vitald's log tells more: journalctl -u vitald"
    }

    /// Whether a unit could start it.
    private static var unit: Diagnosis {
        guard access("/run/systemd/system", F_OK) == 0 else {
            return Diagnosis(
                "systemd", .limited, "this machine was not booted with systemd, so no unit starts vitald",
                remedy: "Start it by hand: vitald.")
        }
        let places = ["/etc/systemd/system", "/lib/systemd/system", "/usr/lib/systemd/system"]
        guard let place = places.first(where: { access($0 + "/vitald.service", F_OK) == 0 }) else {
            return Diagnosis(
                "systemd", .missing, "there is no vitald.service",
                remedy: "Install it: apt install ./vitald_*.deb.")
        }
        return Diagnosis(
            "systemd", .ok,
            "\(place)/vitald.service is installed: systemctl enable --now vitald starts it with its sockets")
    }

    /// Instances whose socket is there.
    private static var instances: [InstanceName] {
        guard let directory = opendir(SocketLookup.directory) else { return [] }
        defer { closedir(directory) }
        var names: [InstanceName] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if let instance = try? InstanceName(name), access(instance.socketPath, F_OK) == 0 {
                names.append(instance)
            }
        }
        return names.sorted { $0.description < $1.description }
    }
}
