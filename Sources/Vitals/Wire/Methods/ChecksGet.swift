// SPDX-License-Identifier: Apache-2.0

/// `checks.get`: one check with everything that is known of it.
package enum ChecksGet {
    /// The method.
    package static let method = SocketMethod(
        "checks.get", role: .read, "One check with its thresholds, timings and findings.",
        parameters: [.init("name", "string", required: true, "the check's name")],
        result:
            "check {as in checks.list, and fed_by (the method that feeds it), interval, timeout, fall, warn_after, rise, depends_on,"
            + " description, runbook, phases_ms, facts, runs, discarded}",
        example: #"{"name":"file_system"}"#)

    /// Writes the reply.
    package static func write(_ check: CheckView, into writer: inout JSONWriter) {
        writer.object { reply in
            reply.key("check")
            check.write(into: &reply)
        }
    }

    /// Reads the reply; nil where it is none.
    package static func read(_ value: JSONValue) -> CheckView? {
        value["check"].flatMap { CheckView(reading: $0) }
    }
}
