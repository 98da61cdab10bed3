// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Publishing
import Sampling
import Threads
import Vitals

/// Who is let in over TCP.
extension Daemon {
    /// Puts rules in force, and watches the files that they come from.
    func takeAccess(_ http: Configuration.HTTP) {
        install(http.access)
        accessWatch.watch(http.plan)
    }

    /// What sees that certificates, users or tokens were changed.
    func makeAccessWatch() -> AccessWatch {
        AccessWatch(
            loop: loop,
            look: { [environment] plan in
                plan.look(.process(environment: environment, place: ReadingPlace()))
            },
            settle: { [unowned self] in settle($0) })
    }

    private func install(_ access: HTTPAccess) {
        http.replaceAccess(access, lane: { [passwordLane] in passwordLane.run($0) })
    }

    private func settle(_ finding: AccessWatch.Finding) {
        switch finding {
        case .same: break
        case .renewed(let access, _):
            install(access)
            log.write(
                JournalEntry(.accessRenewed, .notice, "changed files of http.tls and http.auth are in force"))
        case .unusable(let refusal, _):
            let sentences = refusal.faults.map { "\($0.path): \($0.fact). \($0.remedy)" }
            log.write(
                JournalEntry(
                    .accessRenewed, .warning,
                    "changed files cannot be used, what was in force stays: \(sentences.joined(separator: " | "))"
                ))
        }
    }
}

extension HandshakeRemark {
    /// What the log says of it.
    var line: JournalEntry {
        let more = others == 0 ? "" : "; \(others) more failed since the last such line"
        return JournalEntry(.handshakeFailed, .notice, "no TLS handshake with \(client): \(reason)\(more)")
    }
}

extension ListenerRemark {
    /// What the log says of it.
    var line: JournalEntry {
        JournalEntry(
            .acceptFailed, isTrouble ? .warning : .notice, sentence, fields: [("VITALD_LISTENER", listener)])
    }
}
