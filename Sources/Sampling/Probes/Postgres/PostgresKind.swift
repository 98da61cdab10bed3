// SPDX-License-Identifier: Apache-2.0

import Outbound
import Threads
package import Vitals

/// The check type `postgres`.
package struct PostgresKind: ProbeKind {
    /// The word in the configuration.
    package static let type = "postgres"

    /// Which role the server must have.
    enum Role: String, CaseIterable {
        case any, primary, standby
    }

    let database: PostgresTarget
    let password: Secret?
    /// The configured query; nil asks only for what the check needs itself.
    let query: String?
    let warnLatency: Duration?
    let role: Role
    let warnReplicationLag: Duration?
    let failReplicationLag: Duration?
    let warnConnectionsPercent: Double?
    let statistics: Bool

    /// The query of a check that does not name one.
    static let defaultQuery = "SELECT 1"
    /// Latencies and lags that make sense.
    private static let latencies: ClosedRange<Duration> = .milliseconds(1)...Duration.seconds(3600)
    private static let lags: ClosedRange<Duration> = .milliseconds(1)...Duration.seconds(30 * 86_400)

    /// Reads the keys of this kind.
    package init(reading object: inout ConfigurationObject) {
        let (database, inURL) = Self.readURL(&object)
        let separate = object.secret("passwordFile", "passwordCredential")
        if separate != nil, inURL != nil {
            object.fault(
                "url", "holds a password beside `passwordFile` or `passwordCredential`",
                remedy: "Remove it from the url.")
        }
        self.database = database
        password = separate ?? inURL
        let query = object.optionalText("query") ?? Self.defaultQuery
        if !object.has("query") { object.show("query") { $0.string(Self.defaultQuery) } }
        if query.isEmpty || query.utf8.contains(0) {
            object.fault("query", "is empty", remedy: "Write a query, or remove the line to get SELECT 1.")
        }
        self.query = query == Self.defaultQuery ? nil : query
        warnLatency = object.optionalDuration("warnLatency", in: Self.latencies)
        role = object.choice("role", default: .any)
        warnReplicationLag = object.optionalDuration("warnReplicationLag", in: Self.lags)
        failReplicationLag = object.optionalDuration("failReplicationLag", in: Self.lags)
        if let warn = warnReplicationLag, let fail = failReplicationLag, fail <= warn {
            object.fault(
                "failReplicationLag",
                "\(DurationText.render(fail)) is not above warnReplicationLag (\(DurationText.render(warn)))",
                remedy: "Raise it, or lower warnReplicationLag.")
        }
        if role == .primary {
            for (key, lag) in [
                ("warnReplicationLag", warnReplicationLag), ("failReplicationLag", failReplicationLag),
            ]
            where lag != nil {
                object.fault(
                    key, "a primary has no replication lag",
                    remedy: "Remove it, or check the standby with \"role\": \"standby\".")
            }
        }
        warnConnectionsPercent = object.optionalPercent("warnConnectionsPercent")
        statistics = object.boolean("statistics", default: false)
    }

    private static func readURL(_ object: inout ConfigurationObject) -> (PostgresTarget, Secret?) {
        let example = "postgresql://vitald@localhost:5432/agno_data"
        do throws(URLFault) {
            guard object.has("url") else {
                _ = object.concealedString("url")
                object.fault(nil, "`url` is missing", remedy: "Add it, for example \"url\": \"\(example)\".")
                return (.none, nil)
            }
            guard let text = object.concealedString("url", inserting: ReferenceInsertion.postgres) else {
                return (.none, nil)
            }
            guard !text.expanded.isEmpty else {
                throw URLFault("is empty", remedy: "Write for example \"\(example)\".")
            }
            let target = try PostgresTarget(text.expanded)
            object.showURL(
                "url", text, normal: target.shown, ofWritten: PostgresTarget.shown(written: text.written))
            object.identify("url", by: target.identity)
            object.warnOfPassword(in: "url", written: text.written) {
                (try? PostgresTarget($0))?.password
            }
            PostgresFiles(target).refuse(in: object, at: "url")
            return (target, target.password)
        } catch {
            object.fault("url", error.fact, remedy: error.remedy)
            return (PostgresTarget.none, nil)
        }
    }

    /// Whether it has a threshold for how far a standby is behind.
    var judgesLag: Bool { warnReplicationLag != nil || failReplicationLag != nil }

    /// Whether a threshold cannot be judged without this.
    func needs(_ extra: PostgresExtra) -> Bool {
        switch extra {
        case .role: role != .any || judgesLag
        case .lag: judgesLag
        case .connections: warnConnectionsPercent != nil
        default: false
        }
    }

    /// The role is what the answer is judged by, and the statistics decide nothing.
    package static var judgementKeys: Set<String> { ["role", "statistics"] }

    /// `localhost:5432/agno_data`.
    package var target: ShownTarget { database.target }

    /// Makes the probe; opens nothing yet.
    package func makeProbe(_ definition: CheckDefinition, _ context: ProbeContext) -> any Probe {
        let resolver = Resolver(lanes: context.lanes, time: context.time)
        return probe(definition, time: context.time, lanes: context.lanes, resolver: resolver)
    }

    /// Makes the probe that goes on with the addresses that another one has found, and, with the same credentials, with
    /// the refusals that it has met.
    package func makeProbe(
        _ definition: CheckDefinition, _ context: ProbeContext, following old: any Probe
    ) -> any Probe {
        guard let memory = (old as? LaneProbe<PostgresProbe>)?.memory as? PostgresMemory else {
            return makeProbe(definition, context)
        }
        return probe(
            definition, time: context.time, lanes: context.lanes, resolver: memory.resolver,
            refusals: memory.password == password ? memory.refusals : nil)
    }

    func probe(
        _ definition: CheckDefinition, time: any TimeSource, lanes: Lanes, resolver: Resolver,
        refusals: PostgresRefusals? = nil
    ) -> LaneProbe<PostgresProbe> {
        let refusals = refusals ?? PostgresRefusals(database.text, time: time)
        return LaneProbe(
            PostgresProbe(
                self, timeout: definition.timeout, time: time, resolver: resolver, refusals: refusals),
            lanes: lanes, time: time,
            memory: PostgresMemory(refusals: refusals, resolver: resolver, password: password))
    }
}
