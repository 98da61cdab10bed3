// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Vitals

/// `vitalctl metrics [PATTERN]`
struct MetricsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "metrics", abstract: "Samples of the metrics page, by a glob on their name.",
        discussion: """
              vitalctl metrics 'vitald_*'
              vitalctl metrics container_memory_working_set_bytes
            """)

    @OptionGroup var shared: SharedOptions

    @Argument(help: "A glob on the sample's name.")
    var pattern = "*"

    func run() throws {
        try shared.talk { link, console in
            let answer = try link.call(MetricsQuery.method) { parameters in
                parameters.member("pattern", pattern)
                parameters.member("limit", Int64(MetricsQuery.mostSamples))
            }
            if shared.json { return console.show(answer.source) }
            guard let reply = MetricsQuery.Reply(reading: answer) else {
                throw Failure.puzzling(method: "metrics")
            }
            console.raw(Self.text(reply))
            if reply.matched == 0 { console.complain("no sample is called \(pattern)") }
            if reply.truncated {
                console.complain("\(reply.samples.count) of \(reply.matched) samples; narrow the pattern")
            }
        }
    }

    /// As the metrics page writes them, without its comments.
    static func text(_ reply: MetricsQuery.Reply) -> String {
        var text = ""
        for sample in reply.samples {
            text +=
                sample.name + (sample.labels.isEmpty ? "" : "{\(sample.labels)}") + " "
                + (sample.value == "null" ? "NaN" : sample.value) + "\n"
        }
        return text
    }
}
