// SPDX-License-Identifier: Apache-2.0

/// `checks.run`: an attempt out of turn. The reply has the form of `checks.get`.
package enum ChecksRun {
    /// The method.
    package static let method = SocketMethod(
        "checks.run", role: .admin, "Runs a check now and answers when the attempt is complete.",
        parameters: [.init("name", "string", required: true, "the check's name")],
        result: "check {as in checks.get}", example: #"{"name":"file_system"}"#)
}
