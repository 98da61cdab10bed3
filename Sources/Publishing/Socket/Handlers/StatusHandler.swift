// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Vitals

/// Answers `status`; the text of the answer is kept for as long as the report stands and the same is missing.
final class StatusHandler: SocketHandler {
    let method = StatusQuery.method
    private let board: Board
    private let kernel: any KernelReading
    private let kept = Mutex<(edition: UInt64, unmeasured: [Unmeasured], text: [UInt8])?>(nil)

    init(board: Board, kernel: any KernelReading) {
        self.board = board
        self.kernel = kernel
    }

    func answer(_ call: SocketCall, into result: inout JSONWriter) throws(SocketFault) -> SocketAnswer {
        // The edition is read before the report: a report that is published in between is kept under the number
        // of the one before it, and so written again next time.
        let edition = board.edition
        let unmeasured = kernel.unmeasured
        let text = kept.withLock { kept in
            if let kept, kept.edition == edition, kept.unmeasured == unmeasured { return kept.text }
            var writer = JSONWriter(capacity: 384)
            StatusQuery.Reply(board.report, epoch: board.epoch, unmeasured: unmeasured)
                .write(into: &writer)
            kept = (edition, unmeasured, writer.bytes)
            return writer.bytes
        }
        text.withUnsafeBytes { result.splice($0) }
        return .written
    }
}
