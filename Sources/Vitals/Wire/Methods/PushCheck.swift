// SPDX-License-Identifier: Apache-2.0

/// `push.check`: the result of a check that somebody else made, for a check of type pushed.
package enum PushCheck {
    /// How it is pushed.
    package static let form = PushForm(
        .check, "The result of a check that the sender made, for a pushed check.",
        parameters: [
            .init("name", "string", required: true, "the pushed check's name"),
            .init(
                "outcome", "string", required: true,
                "pass, warn, fail, or unknown where the sender could not check"),
            .init("message", "string", "one sentence for people, up to 1024 bytes; the rest is cut"),
            .init("reason", "string", "a stable code for programs: up to 64 of a-z, 0-9, _ and ."),
            .init("latencySeconds", "number", "how long the check took"),
        ],
        example: #"{"name":"backup","outcome":"warn","message":"took 3 h","reason":"backup.slow"}"#
    ) { parameters throws(SocketFault) in
        .check(
            CheckPush(
                name: try parameters.requiredText("name"), outcome: try parameters.requiredWord("outcome"),
                message: try message(parameters),
                reason: try reason(parameters), latency: try parameters.seconds("latencySeconds")))
    }

    /// The method.
    package static var method: SocketMethod { form.method }

    /// Everybody who may read sees it, so no password of a URL stands in it.
    private static func message(_ parameters: CallParameters) throws(SocketFault) -> String {
        guard let text = try parameters.text("message") else { return "" }
        return Echo.cut(SecretMask.mask(text), to: CheckPush.longestMessage)
    }

    private static func reason(_ parameters: CallParameters) throws(SocketFault) -> Reason? {
        guard let code = try parameters.text("reason"), !code.isEmpty else { return nil }
        let isCode = code.utf8.allSatisfy { byte in
            (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || byte == 0x5F || byte == 0x2E
        }
        guard isCode, code.utf8.count <= CheckPush.longestReason else {
            throw .invalidParameter(
                "reason",
                "\"\(Echo.cut(code))\" is not a code; give up to \(CheckPush.longestReason) of a-z, 0-9, _ and ."
            )
        }
        return Reason(code)
    }
}
