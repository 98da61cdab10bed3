// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Vitals

/// `vitalctl describe [METHOD]`
struct DescribeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "describe", abstract: "The methods of the socket, for those who speak to it themselves.",
        discussion: """
            Each example is one line that works as it stands:

              echo EXAMPLE | socat - UNIX-CONNECT:/run/vitald/vitald.sock
            """)

    @OptionGroup var shared: SharedOptions

    @Argument(help: "Only this method.")
    var method: String?

    func run() throws {
        try shared.talk { link, console in
            let answer = try link.call(Describe.method) { $0.member("method", method) }
            if shared.json { return console.show(answer.source) }
            let methods = answer["methods"]?.elements ?? []
            console.show(Self.lines(methods, paint: console.paint).joined(separator: "\n"))
        }
    }

    /// Each method with its parameters, its result and its example.
    static func lines(_ methods: [JSONValue], paint: Paint) -> [String] {
        var lines: [String] = []
        for method in methods {
            if !lines.isEmpty { lines.append("") }
            lines.append(
                paint.bold(method["name"]?.string ?? "") + paint.faint(" (\(method["role"]?.string ?? ""))"))
            lines.append("  \(method["summary"]?.string ?? "")")
            for parameter in method["parameters"]?.elements ?? [] {
                let must = parameter["required"]?.boolean == true ? ", required" : ""
                lines.append(
                    "    \(parameter["name"]?.string ?? "") (\(parameter["type"]?.string ?? "")\(must)): "
                        + (parameter["summary"]?.string ?? ""))
            }
            lines.append("  gives \(method["result"]?.string ?? "")")
            lines.append("  \(method["example"]?.string ?? "")")
        }
        return lines
    }
}
