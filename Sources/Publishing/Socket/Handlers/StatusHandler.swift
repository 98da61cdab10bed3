// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Vitals

/// Answers `status`; the text of the answer is kept for as long as the report stands.
final class StatusHandler: SocketHandler {
    let method = StatusQuery.method
    private let board: Board
    private let kept = Mutex<(edition: UInt64, text: [UInt8])?>(nil)

    init(board: Board) { self.board = board }

    func answer(_ call: SocketCall, into result: inout JSONWriter) throws(SocketFault) -> SocketAnswer {
        // The edition is read before the report: a report that is hung up in between is kept under the number
        // of the one before it, and so written anew next time.
        let edition = board.edition
        let text = kept.withLock { kept in
            if let kept, kept.edition == edition { return kept.text }
            var writer = JSONWriter(capacity: 384)
            StatusQuery.Reply(board.report, epoch: board.epoch).write(into: &writer)
            kept = (edition, writer.bytes)
            return writer.bytes
        }
        text.withUnsafeBytes { result.splice($0) }
        return .written
    }
}
