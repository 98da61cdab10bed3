// SPDX-License-Identifier: Apache-2.0

import Vitals

/// What a failure of Postgres says about it; texts are made of the place and the SQLSTATE alone. The user is not named:
/// it is part of the url's credentials.
struct PostgresVerdict {
    let target: PostgresTarget

    /// The result of an attempt that ended in `failure`; `allowed` is the check's timeout.
    func result(_ failure: PostgresFailure, allowed: Duration) -> ProbeResult {
        let place = target.text
        switch failure {
        case .timeout(let phase):
            return ProbeResult(
                .fail, reason: Reason("timeout.\(phase.word)"),
                message: "\(place) did not answer within \(DurationText.render(allowed)), \(phase.doing)")
        case .passwordMissing:
            return ProbeResult(
                .unknown, reason: "credential.missing",
                message:
                    "\(place) asks for a password and none is configured: set passwordFile or passwordCredential"
            )
        case .tooManyRows:
            return ProbeResult(
                .fail, reason: "query.large",
                message:
                    "the query answers with more than \(PostgresConnection.rowLimit) rows: add a LIMIT, or count them"
            )
        case .lost(.tls):
            return ProbeResult(
                .fail, reason: "tls.failed",
                message:
                    "\(place) and vitald do not agree on TLS: the server has none, or its certificate is not accepted (sslmode, sslrootcert)"
            )
        case .lost(let phase):
            return ProbeResult(
                .fail, reason: "closed",
                message: "\(place) closed the connection without a word, \(phase.doing)")
        case .server(let state, .processing): return query(state, allowed)
        case .server(let state, _): return connection(state)
        }
    }

    /// An attempt that was not made because the query of an earlier one may still run on the server. Whether it does,
    /// or a proxy in between has lost it, cannot be seen from here.
    ///
    /// - Parameter most: how long after the end of its attempt that query is waited for.
    func unanswered(since: Instant, now: Instant, allowed: Duration, atMost most: Duration) -> ProbeResult {
        let age = Duration.milliseconds((now - since).nanoseconds / 1_000_000) + allowed
        return ProbeResult(
            .fail, reason: "timeout.processing",
            message:
                "no answer from \(target.text) to the query of \(DurationText.render(age)) ago, which may still run there; no other query is sent until it ends, for \(DurationText.render(most)) at most"
        )
    }

    /// A connection that the server refused.
    private func connection(_ state: SQLState) -> ProbeResult {
        let place = target.text
        func fail(_ reason: Reason, _ fact: String) -> ProbeResult {
            ProbeResult(.fail, reason: reason, message: "\(place) \(fact) (SQLSTATE \(state))")
        }
        switch state {
        case "53300": return fail("saturated", "has no connection left")
        case "57P03":
            return ProbeResult(
                .warn, reason: "starting",
                message:
                    "\(place) is starting, recovering or shutting down and takes no connections yet (SQLSTATE 57P03)"
            )
        case "3D000": return fail("database.missing", "has no database of this name")
        case "42501":
            return fail("auth.denied", "does not let the user of this check connect to this database")
        case "55000": return fail("database.closed", "has closed this database to connections")
        case "57P01", "57P02": return fail("stopping", "is being shut down")
        default: break
        }
        switch state.kind {
        case "28": return fail("auth.failed", "does not accept the user or the password")
        case "53": return fail("resources.exhausted", "is short of memory or disk")
        default: return fail("connect.failed", "refuses the connection")
        }
    }

    /// A query that the server refused.
    private func query(_ state: SQLState, _ allowed: Duration) -> ProbeResult {
        let place = target.text
        func fail(_ reason: Reason, _ fact: String) -> ProbeResult {
            ProbeResult(.fail, reason: reason, message: "\(fact) at \(place) (SQLSTATE \(state))")
        }
        switch state {
        case "57014":
            return fail("timeout.processing", "the query was not done within \(DurationText.render(allowed))")
        case "55P03": return fail("timeout.lock", "the query waited for a lock for too long")
        case "42501": return fail("query.denied", "the user of this check may not run the query")
        case "42P01", "3F000": return fail("query.missing", "the query names a table that does not exist")
        case "25006": return fail("readonly", "the query writes and the server only reads")
        case "53100": return fail("disk.full", "the disk is full")
        case "53200": return fail("resources.exhausted", "the server is out of memory")
        case "57P01", "57P02", "57P03": return fail("stopping", "the server ended the connection")
        default: break
        }
        switch state.kind {
        case "42": return fail("query.failed", "the query is not accepted")
        case "XX", "58", "F0": return fail("server.error", "the server has an internal error")
        default: return fail("query.failed", "the query failed")
        }
    }
}
