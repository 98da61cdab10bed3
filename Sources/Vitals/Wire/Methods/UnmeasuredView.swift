// SPDX-License-Identifier: Apache-2.0

/// What could not be looked at, as the socket shows it: the member `missing`, which is left out where nothing is.
package enum UnmeasuredView {
    /// What the descriptions of methods say of it.
    package static let description =
        "missing [{what, reason, count, fact, remedy}], where something could not be looked at"

    /// Writes the member.
    package static func write(_ all: [Unmeasured], into reply: inout JSONWriter) {
        guard !all.isEmpty else { return }
        reply.member(
            "missing",
            array: { list in
                for one in all {
                    list.object { members in
                        members.member("what", one.subject.rawValue)
                        members.member("reason", one.cause.rawValue)
                        members.member("count", one.count.map(Int64.init))
                        members.member("fact", one.fact)
                        members.member("remedy", one.remedy)
                    }
                }
            })
    }

    /// Reads the member of a reply; what another version wrote and this one does not know is left out.
    package static func read(_ reply: JSONValue) -> [Unmeasured] {
        (reply["missing"]?.elements ?? []).compactMap { value in
            guard let subject = value["what"]?.string.flatMap(Unmeasured.Subject.init(rawValue:)),
                let cause = value["reason"]?.string.flatMap(Unmeasured.Cause.init(rawValue:)),
                let fact = value["fact"]?.string
            else { return nil }
            return Unmeasured(
                subject, cause, count: value["count"]?.integer.map { Int(clamping: $0) }, fact: fact,
                remedy: value["remedy"]?.string ?? "")
        }
    }
}
