// SPDX-License-Identifier: Apache-2.0

import Publishing
import Vitals

/// What the daemon knows of itself, for `vitalctl doctor`.
extension Daemon {
    /// Its sockets, its manager and its configuration; on the loop.
    var houseFindings: [Diagnosis] { [socketFinding, managerFinding, configurationFinding] }

    private var units: UnitNames { UnitNames(options.instance) }

    /// How its configuration is checked by hand, under the same defaults.
    private var checking: String {
        var words = "vitald --check-config"
        if let instance = options.instance { words += " --instance \(instance.quoted)" }
        if case .named(let path) = options.configuration { words += " --config \(Quotation.shell(path))" }
        return words
    }

    private var socketFinding: Diagnosis {
        let own = listeners.sockets.filter { !$0.isHanded }.map(\.path) + listeners.opened
        let handed =
            listeners.sockets.filter(\.isHanded).map(\.path) + listeners.handed.map(\.address.description)
        if own.isEmpty {
            return Diagnosis(
                "sockets", .ok, "systemd holds \(handed.joined(separator: ", ")): they outlive every restart")
        }
        let fact =
            "vitald opened \(own.joined(separator: ", ")) itself, so clients are refused while it restarts"
        return Diagnosis(
            "sockets", .limited,
            handed.isEmpty ? fact : fact + "; systemd holds \(handed.joined(separator: ", "))",
            remedy:
                "Under systemd: systemctl stop \(units.service), then systemctl enable --now \(units.rpc) \(units.http) "
                + "\(units.service)."
        )
    }

    private var managerFinding: Diagnosis {
        guard service.notifySocket != nil else {
            return Diagnosis(
                "systemd", .limited, "nobody manages this vitald: it is not started again when it ends",
                remedy: "Run it as a service: systemctl enable --now \(units.service).")
        }
        guard let window = service.watchdog else {
            return Diagnosis(
                "systemd", .limited,
                "the manager is told of READY and STATUS, but does not watch: a standstill stays",
                remedy: "Set WatchdogSec=30 in the unit.")
        }
        return Diagnosis(
            "systemd", .ok, "the manager hears a beat at least every \(DurationText.render(window))")
    }

    private var configurationFinding: Diagnosis {
        let path = options.configuration.description
        if reloadSuccessful.value == 0 {
            return Diagnosis(
                "configuration", .limited, "\(path) is not what is in force: the last reload was refused",
                remedy: "See \(checking), mend it, then systemctl reload \(units.service).")
        }
        let fact =
            configuration.isBuiltIn
            ? "the built-in configuration (there was no \(path) when it was looked for)" : path
        if let first = configuration.warnings.first {
            let count = configuration.warnings.count
            return Diagnosis(
                "configuration", .limited,
                "\(fact) is in force, with \(count == 1 ? "a remark" : "\(count) remarks, the first of them") beneath",
                remedy: first)
        }
        let count = configuration.checks.count
        return Diagnosis(
            "configuration", .ok, "\(fact) is in force, with \(count) check\(count == 1 ? "" : "s")")
    }
}

/// Joins what the examiner sees of the machine with what the daemon knows of itself.
struct HouseExaminer: Examining {
    private let examiner: any Examining
    private let control: DaemonControl

    init(_ examiner: any Examining, _ control: DaemonControl) {
        self.examiner = examiner
        self.control = control
    }

    func examine(_ use: @escaping @Sendable ([Diagnosis]) -> Void) {
        examiner.examine { [control] machine in control.houseFindings { use(machine + $0) } }
    }
}
