// SPDX-License-Identifier: Apache-2.0

package import Vitals

/// `heartbeat`: somebody beats at least once in every time to live, or is taken for dead.
///
/// ```json
/// { "name": "agent_responsive", "type": "heartbeat", "ttl": "60s", "bind": "connection" }
/// ```
package struct HeartbeatKind: CheckKind, Equatable {
    /// What beside the time to live may end a heartbeat.
    package enum Binding: String, CaseIterable, Sendable {
        /// The end of the connection that beat last: a crash is seen at once, not a ttl later.
        case connection
    }

    /// The word in the configuration's `type`.
    package static let type = "heartbeat"
    /// A job that reports once a month still fits.
    static let ttlRange = Duration.seconds(1)...Duration.seconds(400 * 86_400)
    /// Six default intervals of a check.
    static let defaultTTL = Duration.seconds(60)

    /// How long one beat is good for.
    package let ttl: Duration
    /// What else ends it; nil: nothing.
    package let binding: Binding?

    /// Makes a kind.
    package init(ttl: Duration, binding: Binding? = nil) {
        self.ttl = ttl
        self.binding = binding
    }

    /// Reads `ttl` and `bind`.
    package init(reading object: inout ConfigurationObject) {
        ttl = object.duration("ttl", default: Self.defaultTTL, in: Self.ttlRange)
        let word = object.optionalString("bind")
        binding = word.flatMap(Binding.init)
        if let word, binding == nil {
            object.fault(
                "bind", "\(object.quote(word)) is not known",
                remedy: "Write \"connection\", or remove the line to go by the ttl alone.")
        }
    }

    /// The name alone is the question: beats are the same beats whatever their time to live.
    package static var judgementKeys: Set<String> { ["ttl", "bind"] }

    /// What is expected, for people.
    package var target: ShownTarget {
        ShownTarget(
            words: "a beat every \(DurationText.render(ttl))"
                + (binding == nil ? "" : ", bound to the connection"))
    }
}
