// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// The last line of a process that crashes or whose event loop cannot work any more: prepared at the start, written
/// by a signal handler. In an optimised build a failed precondition says nothing by itself.
package enum LastWords {
    /// Prepares the line in the log's format, and STATUS= for the service manager behind `manager`. To be called
    /// once, on the main thread. Where `keepsBacktraces`, the Swift runtime prints the stack after the line.
    package static func prepare(_ format: EventLog.Format, manager: String?, keepsBacktraces: Bool) {
        let chained: CInt = keepsBacktraces ? 1 : 0
        let id = JournalEvent.crashed.messageID
        switch format {
        case .journal(let path):
            clinux_last_words_prepare(
                -1, "MESSAGE=", 0, "", "\nPRIORITY=2\nMESSAGE_ID=\(id)\nSYSLOG_IDENTIFIER=vitald\n", path,
                manager ?? "", chained)
        case .json(let descriptor):
            clinux_last_words_prepare(
                descriptor, #"{"time":""#, 1,
                #"","level":"critical","event":"\#(JournalEvent.crashed)","message":""#,
                "\",\"message_id\":\"\(id)\"}\n", "", manager ?? "", chained)
        case .text(let descriptor):
            clinux_last_words_prepare(descriptor, "", 1, " critical: ", "\n", "", manager ?? "", chained)
        }
    }

    /// Why no event loop can be made here; nil where one can. SwiftNIO would end the process by a trap.
    package static func eventLoopProblem() -> (sentence: String, code: Int32)? {
        var call: UnsafePointer<CChar>?
        let code = clinux_loop_try(&call)
        guard code != 0 else { return nil }
        let reason = strerror(code).map { String(cString: $0) } ?? "error \(code)"
        let name = call.map { String(cString: $0) } ?? "a system call"
        return (
            "no event loop can be made: \(name) failed: \(reason). "
                + "Raise LimitNOFILE= where descriptors are missing, MemoryMax= where memory is.",
            code
        )
    }
}
