// SPDX-License-Identifier: Apache-2.0

/// `push.heartbeat`: a sign of life for a check of type heartbeat.
package enum PushHeartbeat {
    /// How it is pushed.
    package static let form = PushForm(
        .heartbeat, "A sign of life for a heartbeat check; without an id it is one write and no answer.",
        parameters: [.init("name", "string", required: true, "the heartbeat check's name")],
        example: #"{"name":"agent_responsive"}"#
    ) { parameters throws(SocketFault) in .heartbeat(name: try parameters.requiredText("name")) }

    /// The method.
    package static var method: SocketMethod { form.method }
}
