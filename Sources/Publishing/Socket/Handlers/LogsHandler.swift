// SPDX-License-Identifier: Apache-2.0

import Vitals

/// Answers `logs`.
struct LogsHandler: SocketHandler {
    let method = LogsQuery.method
    let journal: any JournalAnswering

    func answer(_ call: SocketCall, into result: inout JSONWriter) throws(SocketFault) -> SocketAnswer {
        let unit = try call.text("unit") ?? "*"
        let limit = try call.integer("limit", within: 1...Int64(LogsQuery.mostLines))
        guard !unit.isEmpty else { throw .invalidParameter("unit", "is empty; leave it out for all units") }
        journal.logs(unit: unit, limit: Int(limit ?? Int64(LogsQuery.mostLines))).write(into: &result)
        return .written
    }
}
