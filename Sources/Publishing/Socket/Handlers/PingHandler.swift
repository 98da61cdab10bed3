// SPDX-License-Identifier: Apache-2.0

import Vitals

/// Answers `ping`.
struct PingHandler: SocketHandler {
    let method = Ping.method
    let board: Board

    func answer(_ call: SocketCall, into result: inout JSONWriter) throws(SocketFault) -> SocketAnswer {
        result.splice(#"{"pong":true,"tick":"#)
        result.integer(Int64(clamping: board.ticks))
        result.splice(#","generation":"#)
        result.integer(Int64(clamping: board.generation))
        result.splice("}")
        return .written
    }
}
