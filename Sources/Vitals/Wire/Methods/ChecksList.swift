// SPDX-License-Identifier: Apache-2.0

/// `checks.list`: every check in the order of the configuration, each in short.
package enum ChecksList {
    /// The method.
    package static let method = SocketMethod(
        "checks.list", role: .read, "All checks, in the order of the configuration.",
        parameters: [.init("tag", "string", "only the checks that carry this tag")],
        result: "checks [{name, type, target, impact, enabled, level, phase, flapping, maintenance,"
            + " suppressed_by, contribution, outcome, reason, message, latency_ms, last_run, since,"
            + " consecutive_failures, tags}]")

    /// Writes the reply.
    package static func write(_ checks: [CheckView], into writer: inout JSONWriter) {
        writer.object { reply in
            reply.member("checks", array: { list in for check in checks { check.write(into: &list) } })
        }
    }

    /// Reads the reply.
    package static func read(_ value: JSONValue) -> [CheckView] {
        value["checks"]?.elements.compactMap { CheckView(reading: $0) } ?? []
    }
}
