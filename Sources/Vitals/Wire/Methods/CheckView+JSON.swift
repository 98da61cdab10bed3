// SPDX-License-Identifier: Apache-2.0

extension CheckView {
    /// Writes it as one value.
    package func write(into writer: inout JSONWriter) {
        writer.object { check in
            check.member("name", name)
            check.member("type", type)
            check.member("target", target)
            check.member("impact", impact.rawValue)
            check.member("enabled", enabled)
            check.member("level", level.word)
            check.member("phase", phase.word)
            check.member("flapping", flapping)
            check.member("maintenance", maintenance)
            check.member("suppressed_by", suppressedBy)
            check.member("contribution", contribution.word)
            check.member("outcome", outcome?.word)
            check.member("reason", reason?.code)
            check.member("message", message)
            check.member("latency_ms", latency)
            check.member("last_run", lastRun)
            check.member("since", since)
            check.member("consecutive_failures", failures)
            check.member("tags", array: { list in for tag in tags { list.string(tag) } })
            if let detail { detail.writeMembers(into: &check) }
        }
    }

    /// Reads a check; nil where it is none. A word of a later vitald stands for what promises the least.
    package init?(reading value: JSONValue) {
        guard let name = value["name"]?.string, let level = value["level"]?.string else { return nil }
        self.name = name
        self.level = Level(word: level) ?? .unknown
        type = value["type"]?.string ?? ""
        target = value["target"]?.string ?? ""
        impact = value["impact"]?.string.flatMap(Impact.init) ?? .critical
        enabled = value["enabled"]?.boolean ?? true
        phase = Phase(word: value["phase"]?.string) ?? .active
        flapping = value["flapping"]?.boolean ?? false
        maintenance = value["maintenance"]?.boolean ?? false
        suppressedBy = value["suppressed_by"]?.string
        contribution = Status(word: value["contribution"]?.string) ?? .unhealthy
        outcome = value["outcome"]?.string.map { Outcome(word: $0) ?? .unknown }
        reason = value["reason"]?.string.map { Reason($0) }
        message = value["message"]?.string
        latency = value["latency_ms"]?.double
        lastRun = value["last_run"]?.string
        since = value["since"]?.string
        failures = value["consecutive_failures"]?.integer ?? 0
        tags = value["tags"]?.elements.compactMap(\.string) ?? []
        detail = Detail(reading: value)
    }
}

extension CheckView.Detail {
    /// Writes its members into an object that is open already.
    func writeMembers(into check: inout JSONWriter) {
        check.member("fed_by", fedBy)
        check.member("interval", interval)
        check.member("timeout", timeout)
        check.member("fall", Int64(fall))
        check.member("warn_after", Int64(warnAfter))
        check.member("rise", Int64(rise))
        check.member("depends_on", array: { list in for name in dependsOn { list.string(name) } })
        check.member("description", description)
        check.member("runbook", runbook)
        check.member(
            "phases_ms",
            object: { members in for phase in phases { members.member(phase.phase, phase.milliseconds) } })
        check.member("facts", object: { members in for fact in facts { members.member(fact) } })
        check.member(
            "runs",
            object: { members in
                for (outcome, count) in zip(Outcome.allCases, runs) { members.member(outcome.word, count) }
            })
        check.member("discarded", discarded)
    }

    /// Reads the detail of a check; nil where only the summary was sent.
    init?(reading value: JSONValue) {
        guard let interval = value["interval"]?.string else { return nil }
        self.interval = interval
        fedBy = value["fed_by"]?.string
        timeout = value["timeout"]?.string ?? ""
        fall = Int(clamping: value["fall"]?.integer ?? 0)
        warnAfter = Int(clamping: value["warn_after"]?.integer ?? 0)
        rise = Int(clamping: value["rise"]?.integer ?? 0)
        dependsOn = value["depends_on"]?.elements.compactMap(\.string) ?? []
        description = value["description"]?.string
        runbook = value["runbook"]?.string
        phases =
            value["phases_ms"]?.members.compactMap { member in
                guard let phase = member.key.string, let time = member.value.double else { return nil }
                return CheckView.PhaseTime(phase: phase, milliseconds: time)
            } ?? []
        facts =
            value["facts"]?.members.compactMap { member in
                member.key.string.flatMap { Fact($0, reading: member.value) }
            } ?? []
        let counts = value["runs"]
        runs = [counts?["pass"], counts?["warn"], counts?["fail"], counts?["unknown"]].map {
            $0?.integer ?? 0
        }
        discarded = value["discarded"]?.integer ?? 0
    }
}
