// SPDX-License-Identifier: Apache-2.0

/// What a method of the socket is called, what it takes and gives, and who may call it.
///
/// One method is one file in this directory; daemon and client share it, and `describe` prints it.
package struct SocketMethod: Sendable {
    /// One parameter, by name.
    package struct Parameter: Sendable {
        /// The name.
        package let name: String
        /// The type, in JSON's words: `string`, `integer`, `string or array of strings` …
        package let type: String
        /// Whether a call without it is refused.
        package let required: Bool
        /// What it means, in one sentence.
        package let summary: String

        /// Describes a parameter.
        package init(_ name: String, _ type: String, required: Bool = false, _ summary: String) {
            self.name = name
            self.type = type
            self.required = required
            self.summary = summary
        }
    }

    /// The name on the wire.
    package let name: String
    /// The role that a caller needs.
    package let role: SocketRole
    /// What it does, in one sentence.
    package let summary: String
    /// What it takes.
    package let parameters: [Parameter]
    /// What it gives, in words.
    package let result: String
    /// One line that works as it stands: `echo 'EXAMPLE' | socat - UNIX-CONNECT:/run/vitald/vitald.sock`.
    package let example: String

    /// Describes a method.
    package init(
        _ name: String, role: SocketRole, _ summary: String, parameters: [Parameter] = [], result: String,
        example parametersExample: String? = nil
    ) {
        self.name = name
        self.role = role
        self.summary = summary
        self.parameters = parameters
        self.result = result
        let tail = parametersExample.map { ",\"params\":\($0)" } ?? ""
        example = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\(name)\"\(tail)}"
    }

    /// The line of a call, with its line feed. The closure writes the members of `params`; nil for none.
    package func call(id: Int64, _ parameters: ((inout JSONWriter) -> Void)? = nil) -> [UInt8] {
        var writer = JSONWriter(capacity: 128)
        writer.object { line in
            line.member("jsonrpc", "2.0")
            line.member("id", id)
            line.member("method", name)
            if let parameters { line.member("params", object: parameters) }
        }
        writer.newline()
        return writer.bytes
    }
}
