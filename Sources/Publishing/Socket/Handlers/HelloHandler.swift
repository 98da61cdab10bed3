// SPDX-License-Identifier: Apache-2.0

import Vitals

/// Answers `hello`.
struct HelloHandler: SocketHandler {
    let method = Hello.method
    let name: String
    let limits: SocketLimits

    func answer(_ call: SocketCall, into result: inout JSONWriter) throws(SocketFault) -> SocketAnswer {
        // Only the major number tells protocols apart; there is one.
        let version = try call.integer("protocol", within: 0...Int64.max)
        guard version == nil || version == Hello.protocolVersion else {
            throw .invalidParameter(
                "protocol", "\(version ?? 0) is not spoken here; this vitald speaks \(Hello.protocolVersion)")
        }
        _ = try call.text("client")
        Hello.Reply(
            server: name, line: limits.line, batch: limits.batch, peer: call.caller.credentials,
            origin: call.caller.origin, roles: call.caller.roles.sorted().map(\.rawValue)
        ).write(into: &result)
        return .written
    }
}
