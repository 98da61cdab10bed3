// SPDX-License-Identifier: Apache-2.0

/// `describe`: the methods themselves, each with a line that can be sent as it stands.
package enum Describe {
    /// The method.
    package static let method = SocketMethod(
        "describe", role: .read, "Lists the methods with their parameters and an example line.",
        parameters: [.init("method", "string", "only this one")],
        result:
            "methods [{name, role, summary, parameters [{name, type, required, summary}], result, example}]",
        example: #"{"method":"status"}"#)

    /// Writes the reply.
    package static func write(_ methods: [SocketMethod], into writer: inout JSONWriter) {
        writer.object { reply in
            reply.member(
                "methods",
                array: { list in
                    for method in methods { list.object { Self.write(method, into: &$0) } }
                })
        }
    }

    private static func write(_ method: SocketMethod, into entry: inout JSONWriter) {
        entry.member("name", method.name)
        entry.member("role", method.role.rawValue)
        entry.member("summary", method.summary)
        entry.member(
            "parameters",
            array: { list in
                for parameter in method.parameters {
                    list.object { member in
                        member.member("name", parameter.name)
                        member.member("type", parameter.type)
                        member.member("required", parameter.required)
                        member.member("summary", parameter.summary)
                    }
                }
            })
        entry.member("result", method.result)
        entry.member("example", method.example)
    }
}
