// SPDX-License-Identifier: Apache-2.0

/// `push.heartbeat`: a sign of life for a check of type heartbeat.
package enum PushHeartbeat {
    /// The method.
    package static let method = SocketMethod(
        "push.heartbeat", role: .push,
        "A sign of life for a heartbeat check; without an id it is one write and no answer.",
        parameters: [.init("name", "string", required: true, "the heartbeat check's name")],
        result: "accepted (1), rejected (0)", example: #"{"name":"agent_responsive"}"#)

    /// Writes the reply.
    package static func write(accepted: Int64, rejected: Int64, into writer: inout JSONWriter) {
        writer.object { reply in
            reply.member("accepted", accepted)
            reply.member("rejected", rejected)
        }
    }
}
