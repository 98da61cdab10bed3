// SPDX-License-Identifier: Apache-2.0

import Publishing
import Vitals

/// What the daemon knows of itself, for `vitalctl doctor`.
extension Daemon {
    /// Its sockets, its manager and its configuration; on the loop.
    var houseFindings: [Diagnosis] {
        [socketFinding, listenerFinding, managerFinding, configurationFinding]
    }

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

    private var listenerFinding: Diagnosis {
        let all = book.standings
        func names(_ some: [ListenerRecord.Standing]) -> String { some.map(\.name).joined(separator: ", ") }
        let stopped = all.filter { $0.condition != .accepting }
        guard stopped.isEmpty else {
            let causes = Set(stopped.compactMap { $0.last?.name }).sorted()
            return Diagnosis(
                "listeners", .limited,
                "\(names(stopped)) accept\(stopped.count == 1 ? "s" : "") no connections at the moment"
                    + (causes.isEmpty ? "" : " (\(causes.joined(separator: ", ")))"),
                remedy: causes.contains("EMFILE")
                    ? "Raise LimitNOFILE= of \(units.service), or close idle clients."
                    : "See the lines of \(units.service) in the journal; vitald tries again by itself.")
        }
        let recent = all.filter { $0.last.map { time.now - $0.at < Self.recently } ?? false }
        guard recent.isEmpty else {
            let causes = Set(recent.compactMap { $0.last?.name }).sorted().joined(separator: ", ")
            return Diagnosis(
                "listeners", .limited,
                "all \(all.count) listening sockets accept connections, but \(names(recent)) could not in the last "
                    + "\(DurationText.render(Self.recently)) (\(causes))",
                remedy: "See the lines of \(units.service) in the journal, and vitald_accept_errors_total.")
        }
        let accepted = all.reduce(UInt64(0)) { $0 &+ $1.accepted }
        return Diagnosis(
            "listeners", .ok,
            "all \(all.count) listening sockets accept connections, over TCP and Unix sockets; \(accepted) so far"
        )
    }

    /// A failure of accept(2) is told for so long.
    private static let recently = Duration.seconds(600)

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
        let path = options.configuration.shownOnceRead
        if reloadSuccessful.value == 0 {
            return Diagnosis(
                "configuration", .limited, "\(path) is not what is in force: the last reload was refused",
                remedy: "See \(checking), fix it, then systemctl reload \(units.service).")
        }
        let fact =
            configuration.isBuiltIn
            ? "the built-in configuration (there was no \(path) when it was looked for)" : path
        if let first = configuration.warnings.first {
            let count = configuration.warnings.count
            return Diagnosis(
                "configuration", .limited,
                "\(fact) is in force, with \(count == 1 ? "a remark" : "\(count) remarks, the first of them") below",
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
