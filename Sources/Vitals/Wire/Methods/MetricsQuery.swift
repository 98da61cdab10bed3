// SPDX-License-Identifier: Apache-2.0

/// `metrics`: the samples of the Prometheus page, by name, as JSON.
package enum MetricsQuery {
    /// Samples of one reply by default; the page of a large host has fifty thousand.
    package static let defaultLimit = 10_000
    /// The most samples of one reply: what the page itself is bounded to, with room.
    package static let mostSamples = 100_000

    /// The method.
    package static let method = SocketMethod(
        "metrics", role: .read, "Samples of the metrics page whose name a glob covers.",
        parameters: [
            .init("pattern", "string", "a glob on the sample's name; * by default"),
            .init("limit", "integer", "at most this many samples; 10000 by default, 100000 at most"),
        ],
        result: "samples [{name, labels, value}], matched (how many there were), truncated;"
            + " a value that is not finite is null",
        example: #"{"pattern":"vitald_*"}"#)

    /// One sample.
    package struct Sample: Sendable, Hashable {
        /// The family's name with its suffix.
        package var name: String
        /// The labels, as `name="value",…` for people.
        package var labels: String
        /// The value as it was written; `null` when it is not finite.
        package var value: String
    }

    /// What it answers.
    package struct Reply: Sendable, Hashable {
        /// The samples.
        package var samples: [Sample]
        /// How many there were.
        package var matched: Int
        /// Whether some were left out.
        package var truncated: Bool

        /// Reads a reply; nil where it is none.
        package init?(reading value: JSONValue) {
            guard let samples = value["samples"] else { return nil }
            self.samples = samples.elements.map { sample in
                var labels: [UInt8] = []
                for member in sample["labels"]?.members ?? [] {
                    LabelText.append(
                        member.key.string ?? "", member.value.string ?? "", first: labels.isEmpty, to: &labels
                    )
                }
                return Sample(
                    name: sample["name"]?.string ?? "", labels: String(decoding: labels, as: UTF8.self),
                    value: String(decoding: sample["value"]?.source ?? [], as: UTF8.self))
            }
            matched = Int(clamping: value["matched"]?.integer ?? 0)
            truncated = value["truncated"]?.boolean ?? false
        }
    }
}
