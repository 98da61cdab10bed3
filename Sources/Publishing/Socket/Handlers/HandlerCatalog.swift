// SPDX-License-Identifier: Apache-2.0

package import Vitals

/// Publishing's own methods: one line each. The daemon joins them with those of other modules.
package enum HandlerCatalog {
    /// What the handlers answer from.
    package struct Sources: Sendable {
        /// The judgement.
        package var board: Board
        /// Containers, host and the kernel's samples.
        package var kernel: any KernelReading
        /// The samples beside the kernel's; called on the sampler's lane.
        package var sheets: @Sendable () -> [Sheet]
        /// Who looks at what can be seen here.
        package var examiner: any Examining
        /// The last errors in the journal.
        package var journal: any JournalAnswering
        /// Who takes what is pushed.
        package var pushes: any PushSink
        /// What administrators may do.
        package var control: any Control

        /// Gathers the sources.
        package init(
            board: Board, kernel: any KernelReading, sheets: @escaping @Sendable () -> [Sheet],
            examiner: any Examining, journal: any JournalAnswering, pushes: any PushSink,
            control: any Control
        ) {
            self.board = board
            self.kernel = kernel
            self.sheets = sheets
            self.examiner = examiner
            self.journal = journal
            self.pushes = pushes
            self.control = control
        }
    }

    /// All of them, in the order of `describe`.
    package static func all(_ sources: Sources) -> [any SocketHandler] {
        [
            PingHandler(board: sources.board),
            StatusHandler(board: sources.board, kernel: sources.kernel),
            ChecksListHandler(board: sources.board),
            ChecksGetHandler(board: sources.board),
            HistoryHandler(board: sources.board),
            ContainerHandler(kernel: sources.kernel),
            MetricsHandler(kernel: sources.kernel, sheets: sources.sheets),
            DoctorHandler(examiner: sources.examiner),
            LogsHandler(journal: sources.journal),
            ChecksRunHandler(control: sources.control),
            ReloadHandler(control: sources.control),
        ] + PushForm.all.map { PushHandler(form: $0, sink: sources.pushes) }
            + [PushBatchHandler(sink: sources.pushes)]
    }
}
