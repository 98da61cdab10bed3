// SPDX-License-Identifier: Apache-2.0

import Vitals

/// Answers `checks.list`.
struct ChecksListHandler: SocketHandler {
    let method = ChecksList.method
    let board: Board

    func answer(_ call: SocketCall, into result: inout JSONWriter) throws(SocketFault) -> SocketAnswer {
        let tag = try call.text("tag")
        let checks = board.report.checks.filter { check in
            tag.map { check.definition.tags.contains($0) } ?? true
        }
        ChecksList.write(checks.map { CheckView($0) }, into: &result)
        return .written
    }
}

/// Answers `checks.get`.
struct ChecksGetHandler: SocketHandler {
    let method = ChecksGet.method
    let board: Board

    func answer(_ call: SocketCall, into result: inout JSONWriter) throws(SocketFault) -> SocketAnswer {
        let name = try call.requiredText("name")
        guard let check = board.report.check(named: name) else { throw .notFound("check", name: name) }
        ChecksGet.write(CheckView(check, detailed: true), into: &result)
        return .written
    }
}

/// Answers `history`.
struct HistoryHandler: SocketHandler {
    let method = History.method
    let board: Board

    func answer(_ call: SocketCall, into result: inout JSONWriter) throws(SocketFault) -> SocketAnswer {
        let name = try call.requiredText("name")
        let limit = try call.integer("limit", within: 1...Int64(History.mostResults))
        guard board.report.check(named: name) != nil else { throw .notFound("check", name: name) }
        let results = board.history(of: name).suffix(Int(limit ?? Int64(History.mostResults))).map { entry in
            History.Entry(
                time: entry.wall.rfc3339, outcome: entry.outcome, level: entry.level,
                reason: entry.reason, message: entry.message, latency: entry.duration.milliseconds)
        }
        History.Reply(
            name: name, results: results, changes: board.changes(of: name).map { ChangeView($0) }
        ).write(into: &result)
        return .written
    }
}
