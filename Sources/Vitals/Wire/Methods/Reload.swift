// SPDX-License-Identifier: Apache-2.0

/// `reload`: reads the configuration again; a faulty one changes nothing and its faults are the answer.
package enum Reload {
    /// The method.
    package static let method = SocketMethod(
        "reload", role: .admin, "Reads the configuration again; keeps the old one if the new one has faults.",
        result: "generation, added, changed, removed, unchanged, remarks")

    /// Writes the reply.
    package static func write(_ summary: ReloadSummary, into writer: inout JSONWriter) {
        writer.object { reply in
            reply.member("generation", Int64(clamping: summary.generation))
            reply.member("added", array: { list in for name in summary.added { list.string(name) } })
            reply.member("changed", array: { list in for name in summary.changed { list.string(name) } })
            reply.member("removed", array: { list in for name in summary.removed { list.string(name) } })
            reply.member("unchanged", Int64(summary.unchanged))
            reply.member("remarks", array: { list in for text in summary.remarks { list.string(text) } })
        }
    }

    /// Reads the reply; nil where it is none.
    package static func read(_ value: JSONValue) -> ReloadSummary? {
        guard let generation = value["generation"]?.integer else { return nil }
        return ReloadSummary(
            generation: UInt64(clamping: generation),
            added: value["added"]?.elements.compactMap(\.string) ?? [],
            changed: value["changed"]?.elements.compactMap(\.string) ?? [],
            removed: value["removed"]?.elements.compactMap(\.string) ?? [],
            unchanged: Int(clamping: value["unchanged"]?.integer ?? 0),
            remarks: value["remarks"]?.elements.compactMap(\.string) ?? [])
    }
}
