// SPDX-License-Identifier: Apache-2.0

package import Vitals

/// `heartbeat`: somebody beats at least once in every time to live, or is taken for dead.
///
/// ```json
/// { "name": "agent_responsive", "type": "heartbeat", "ttl": "60s", "bind": "connection" }
/// ```
package struct HeartbeatKind: PassiveKind, Equatable {
    /// What beside the time to live may end a heartbeat.
    package enum Binding: String, CaseIterable, Sendable {
        /// The end of the connection that beat last: a crash is seen at once, not a ttl later.
        case connection
    }

    /// The word in the configuration's `type`.
    package static let type = "heartbeat"
    /// What feeds it.
    package static let item = PushItem.Kind.heartbeat

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
        ttl = TimeToLive.read(&object)
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

    /// Makes the feed of all checks of this kind.
    package static func makeFeed(wake: @escaping @Sendable () -> Void) -> any Feed {
        FeedStore<Heartbeat>(wake: wake)
    }
}
