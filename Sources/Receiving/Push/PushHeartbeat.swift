// SPDX-License-Identifier: Apache-2.0

package import Vitals

/// Answers `push.heartbeat`: hands the beat over, with the kernel's word on who sent it.
package struct PushHeartbeatHandler: SocketHandler {
    /// The method.
    package let method = PushHeartbeat.method
    private let sink: any HeartbeatSink

    /// Hands beats to this sink.
    package init(sink: any HeartbeatSink) { self.sink = sink }

    /// Takes one beat; the instant is that of receipt, whatever the client says.
    package func answer(_ call: SocketCall, into result: inout JSONWriter) throws(SocketFault) -> SocketAnswer
    {
        let name = try call.requiredText("name")
        switch sink.beat(name, from: call.caller.source, at: call.received) {
        case .accepted: PushHeartbeat.write(accepted: 1, rejected: 0, into: &result)
        case .unknownCheck: throw .notFound("heartbeat check", name: name)
        }
        return .written
    }
}
