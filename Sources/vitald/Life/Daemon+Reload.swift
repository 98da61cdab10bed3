// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Publishing
import Sampling
import Vitals

/// Reloading.
extension Daemon {
    /// Reads the configuration again; a faulty one changes nothing. The answer comes when it is read.
    func reload(_ done: @escaping @Sendable (ReloadAnswer) -> Void) { reloads.reload(done) }

    /// Where the wishes to reload are gathered.
    func makeReloadDesk() -> ReloadDesk {
        ReloadDesk(
            loop: loop, source: options.configuration,
            duties: ReloadDesk.Duties(
                read: { [options, environment] place in
                    Configuration.read(
                        options, kinds: DaemonCatalog.kinds, environment: environment, place: place)
                },
                begin: { [unowned self] in
                    notifier.send(
                        "RELOADING=1\nMONOTONIC_USEC=\(time.now.nanoseconds / 1000)\n"
                            + Notifier.status("Reloading"))
                },
                settle: { [unowned self] in settle($0) }))
    }

    private func settle(_ outcome: ReloadDesk.Outcome) -> ReloadAnswer {
        switch outcome {
        case .success(let new): return .reloaded(take(new))
        case .failure(let refusal):
            reloadSuccessful.set(0)
            let kept = board.report.generation
            log.write(
                JournalEntry(
                    .reloadFailed, .error,
                    "reload failed, keeping generation \(kept): \(refusal.sentences.joined(separator: " | "))",
                    fields: [("VITALD_GENERATION", String(kept))]))
            let sentence = statusLine.refused(board.report, because: refusal.summary)
            notifier.send("READY=1\n" + Notifier.status(sentence))
            return .refused(refusal.sentences)
        }
    }

    private func take(_ new: Configuration) -> ReloadSummary {
        let old = configuration
        configuration = new
        kernel.replaceOptions(new.kernelOptions)
        journal.replaceOptions(new.journal)
        conductor.replace(new.checks)
        reloadSuccessful.set(1)
        reloadTimestamp.set(time.wall.nanoseconds / 1_000_000_000)
        let report = board.report
        var summary = Self.difference(old.checks, new.checks)
        summary.generation = report.generation
        if http.servesOthers, let gap = new.http.protection.problemForOthers {
            // Until then, what guarded them goes on doing so.
            summary.remarks.append("\(gap) The old rules stay until the next start")
        } else {
            takeAccess(new.http)
        }
        summary.remarks += served.remarks(on: new)
        // What was said of the configuration before is known.
        for warning in new.warnings where !old.warnings.contains(warning) {
            log.write(JournalEntry(.configurationWarning, .warning, warning))
        }
        for remark in summary.remarks { log.write(JournalEntry(.configurationWarning, .warning, remark)) }
        log.write(
            JournalEntry(
                .reloaded, .notice,
                "generation \(summary.generation) is in force: checks: \(summary.added.count) added, "
                    + "\(summary.changed.count) changed, \(summary.removed.count) removed, "
                    + "\(summary.unchanged) unchanged",
                fields: [("VITALD_GENERATION", String(summary.generation))]))
        notifier.send("READY=1\n" + Notifier.status(statusLine.reloaded(report)))
        return summary
    }

    private static func difference(_ old: [ConfiguredCheck], _ new: [ConfiguredCheck]) -> ReloadSummary {
        let before = Dictionary(
            old.map { ($0.definition.name, $0.definition.fingerprint) }, uniquingKeysWith: { a, _ in a })
        var summary = ReloadSummary(generation: 0)
        for check in new.map(\.definition) {
            switch before[check.name] {
            case nil: summary.added.append(check.name)
            case check.fingerprint: summary.unchanged += 1
            default: summary.changed.append(check.name)
            }
        }
        let names = Set(new.map(\.definition.name))
        summary.removed = old.map(\.definition.name).filter { !names.contains($0) }
        return summary
    }
}

/// What of a configuration is taken at the start alone.
struct ServedConfiguration {
    private let listen: [ListenAddress]
    private let socket: Configuration.Socket
    private let name: String
    private let labels: [Configuration.Label]

    /// That of the start.
    init(_ configuration: Configuration) {
        listen = configuration.http.listen
        socket = configuration.socket
        name = configuration.name
        labels = configuration.labels
    }

    /// What of another configuration is not in force until the next start.
    func remarks(on new: Configuration) -> [String] {
        var remarks: [String] = []
        if new.http.listen != listen { remarks.append("http.listen takes effect at the next start") }
        if new.socket != socket { remarks.append("socket takes effect at the next start") }
        if new.name != name || new.labels != labels {
            remarks.append("name and labels take effect at the next start")
        }
        return remarks
    }
}
