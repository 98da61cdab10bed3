// SPDX-License-Identifier: Apache-2.0

/// `status`: the whole judgement in one small object.
package enum StatusQuery {
    /// The method.
    package static let method = SocketMethod(
        "status", role: .read, "The overall status, and how many checks stand where.",
        result: "status, reason, ready, started, draining, since, seq, epoch, generation,"
            + " checks {total, healthy, degraded, unhealthy, unknown, stale, disabled}, "
            + UnmeasuredView.description)

    /// What it answers.
    package struct Reply: Sendable, Hashable {
        /// The overall status.
        package var status: Status
        /// A sentence where the status needs one.
        package var reason: String?
        /// Whether traffic should be sent here.
        package var ready: Bool
        /// Whether every check has completed a first attempt.
        package var started: Bool
        /// Whether vitald is shutting down.
        package var draining: Bool
        /// When the status last changed, RFC 3339.
        package var since: String
        /// Number of the last confirmed change.
        package var sequence: UInt64
        /// Random per start of vitald.
        package var epoch: String
        /// Which configuration is in force.
        package var generation: UInt64
        /// How many checks stand where.
        package var counts: HealthCounts
        /// What is missing from figures and page now.
        package var unmeasured: [Unmeasured]

        /// The reply that shows a report.
        package init(_ report: Report, epoch: String, unmeasured: [Unmeasured] = []) {
            self.unmeasured = unmeasured
            status = report.status
            reason = report.reason
            ready = report.ready
            started = report.started
            draining = report.draining
            since = report.since.rfc3339
            sequence = report.sequence
            self.epoch = epoch
            generation = report.generation
            counts = report.counts
        }

        /// Writes it as one value.
        package func write(into writer: inout JSONWriter) { writer.object { writeMembers(into: &$0) } }

        /// Writes its members into an object that is open already.
        package func writeMembers(into reply: inout JSONWriter) {
            reply.member("status", status.word)
            reply.member("reason", reason)
            reply.member("ready", ready)
            reply.member("started", started)
            reply.member("draining", draining)
            reply.member("since", since)
            reply.member("seq", Int64(clamping: sequence))
            reply.member("epoch", epoch)
            reply.member("generation", Int64(clamping: generation))
            reply.member(
                "checks",
                object: { members in
                    members.member("total", Int64(counts.total))
                    members.member("healthy", Int64(counts.healthy))
                    members.member("degraded", Int64(counts.degraded))
                    members.member("unhealthy", Int64(counts.unhealthy))
                    members.member("unknown", Int64(counts.unknown))
                    members.member("stale", Int64(counts.stale))
                    members.member("disabled", Int64(counts.disabled))
                })
            UnmeasuredView.write(unmeasured, into: &reply)
        }

        /// Reads a reply; nil where it is none.
        package init?(reading value: JSONValue) {
            guard let status = Status(word: value["status"]?.string) else { return nil }
            self.status = status
            reason = value["reason"]?.string
            ready = value["ready"]?.boolean ?? false
            started = value["started"]?.boolean ?? false
            draining = value["draining"]?.boolean ?? false
            since = value["since"]?.string ?? ""
            sequence = UInt64(clamping: value["seq"]?.integer ?? 0)
            epoch = value["epoch"]?.string ?? ""
            generation = UInt64(clamping: value["generation"]?.integer ?? 0)
            var counts = HealthCounts()
            func count(_ name: StaticString) -> Int { Int(clamping: value["checks"]?[name]?.integer ?? 0) }
            counts.total = count("total")
            counts.healthy = count("healthy")
            counts.degraded = count("degraded")
            counts.unhealthy = count("unhealthy")
            counts.unknown = count("unknown")
            counts.stale = count("stale")
            counts.disabled = count("disabled")
            self.counts = counts
            unmeasured = UnmeasuredView.read(value)
        }
    }
}
