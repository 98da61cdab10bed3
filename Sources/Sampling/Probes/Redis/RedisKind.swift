// SPDX-License-Identifier: Apache-2.0

import Outbound
import Threads
package import Vitals

/// The check type `redis`.
package struct RedisKind: ProbeKind {
    /// The word in the configuration.
    package static let type = "redis"

    /// Which role the server must have; both Redis's words and those of the `postgres` checks.
    enum Role: String, CaseIterable {
        case any, primary, standby, master, replica

        /// nil where every role will do.
        var isReplica: Bool? {
            switch self {
            case .any: nil
            case .primary, .master: false
            case .standby, .replica: true
            }
        }
    }

    let server: RedisTarget
    let password: Secret?
    let warnLatency: Duration?
    let role: Role
    let warnMemoryPercent: Double?
    /// The words of an extra command whose error reply fails the check.
    let command: [String]
    let statistics: Bool

    private static let latencies: ClosedRange<Duration> = .milliseconds(1)...Duration.seconds(3600)

    /// Reads the keys of this kind.
    package init(reading object: inout ConfigurationObject) {
        server = Self.readURL(&object)
        let separate = object.secret("passwordFile", "passwordCredential")
        if separate != nil, server.password != nil {
            object.fault(
                "url", "holds a password beside `passwordFile` or `passwordCredential`",
                remedy: "Remove it from the url.")
        }
        password = separate ?? server.password
        if server.user != nil, password == nil, !object.has("passwordFile"), !object.has("passwordCredential")
        {
            object.fault(
                "url", "names a user without a password",
                remedy: "Set `passwordFile` or `passwordCredential`, or remove the user.")
        }
        warnLatency = object.optionalDuration("warnLatency", in: Self.latencies)
        role = object.choice("role", default: .any)
        warnMemoryPercent = object.optionalPercent("warnMemoryPercent")
        command = Self.readCommand(&object)
        statistics = object.boolean("statistics", default: false)
    }

    private static func readURL(_ object: inout ConfigurationObject) -> RedisTarget {
        let example = "redis://localhost:6379/0"
        guard let text = object.concealedString("url", inserting: ReferenceInsertion.url) else {
            if !object.has("url") {
                object.fault(nil, "`url` is missing", remedy: "Add it, for example \"url\": \"\(example)\".")
            }
            return .none
        }
        do throws(URLFault) {
            guard !text.expanded.isEmpty else {
                throw URLFault("is empty", remedy: "Write for example \"\(example)\".")
            }
            let target = try RedisTarget(text.expanded)
            object.showURL("url", text, normal: target.shown, ofWritten: ShownURL.text(text.written))
            object.identify("url", by: target.identity)
            object.warnOfPassword(in: "url", written: text.written) { (try? RedisTarget($0))?.password }
            return target
        } catch {
            object.fault("url", error.fact, remedy: error.remedy)
            return .none
        }
    }

    /// A text, split at blanks, or a list of words.
    private static func readCommand(_ object: inout ConfigurationObject) -> [String] {
        let words: [String]
        switch object.raw("command") {
        case nil: return []
        case let found? where found.kind == .string:
            words = (object.optionalText("command") ?? "").split(separator: " ").map { String($0) }
        default: words = object.strings("command", default: [])
        }
        guard let first = words.first else {
            object.fault(
                "command", "is empty", remedy: "Write for example \"GET vitald\", or remove the line.")
            return []
        }
        if words.contains(where: { $0.utf8.contains(0) }) {
            object.fault("command", "holds a zero byte", remedy: "Remove it.")
        }
        if RedisCommand.refused.contains(first.uppercased()) {
            object.fault(
                "command", "\(first.uppercased()) changes or ends the connection",
                remedy: "Use a command that is answered once, such as GET or CLUSTER INFO.")
        }
        return words
    }

    /// The role is what the answer is judged by, and the statistics decide nothing.
    package static var judgementKeys: Set<String> { ["role", "statistics"] }

    /// `localhost:6379/0`.
    package var target: ShownTarget { server.target }

    /// Makes the probe; opens nothing yet.
    package func makeProbe(_ definition: CheckDefinition, _ context: ProbeContext) -> any Probe {
        probe(definition, context, following: nil)
    }

    /// Makes the probe that goes on with what another one has learnt of the server.
    package func makeProbe(
        _ definition: CheckDefinition, _ context: ProbeContext, following old: any Probe
    ) -> any Probe {
        probe(definition, context, following: old as? RedisProbe)
    }

    private func probe(_ definition: CheckDefinition, _ context: ProbeContext, following old: RedisProbe?)
        -> any Probe
    {
        RedisProbe(
            RedisPlan(self, timeout: definition.timeout), context,
            resolver: Resolver(lanes: context.lanes, time: context.time), following: old)
    }
}
