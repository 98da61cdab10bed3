// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Vitals

/// What stands on a metrics page beside the kernel's samples.
final class PageSources: Sendable {
    private struct Cache {
        var report: (sequence: UInt64, generation: UInt64, made: Instant)?
        var board = Sheet()
        var tallies = Sheet()
        var others = Sheet()
    }

    private let board: Board
    private let book: TallyBook
    private let version: String
    private let others: [@Sendable (inout Sheet) -> Void]
    private let cache = Mutex(Cache())

    init(
        board: Board, tallies: TallyBook, version: String, others: [@Sendable (inout Sheet) -> Void]
    ) {
        self.board = board
        book = tallies
        self.version = version
        self.others = others
    }

    /// The sheets of the moment. The board's is made anew only when the report is a new one.
    func sheets() -> [Sheet] {
        let report = board.report
        return cache.withLock { cache in
            let key = (report.sequence, report.generation, report.made)
            if cache.report.map({ $0 != key }) ?? true {
                cache.board.removeAll()
                BoardSheet.fill(&cache.board, from: report, version: version)
                cache.report = key
            }
            cache.tallies.removeAll()
            book.fill(&cache.tallies)
            var sheets = [cache.board, cache.tallies]
            if !others.isEmpty {
                cache.others.removeAll()
                for other in others { other(&cache.others) }
                sheets.append(cache.others)
            }
            return sheets
        }
    }

    /// The sheet that says in the kernel's place that it could not be read.
    static let kernelMissing: Sheet = {
        var sheet = Sheet()
        sheet.begin(BoardFamilies.collectorSuccess)
        sheet.add(.integer(0), sheet.labels([("collector", "kernel")]))
        return sheet
    }()
}
