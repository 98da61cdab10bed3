// SPDX-License-Identifier: Apache-2.0

/// `ping`: whether vitald answers, and how far its own clockwork has come.
package enum Ping {
    /// The method.
    package static let method = SocketMethod(
        "ping", role: .read, "Answers at once.",
        result: "pong (true), tick (grows while vitald judges), generation (of the configuration)")

    /// What it answers.
    package struct Reply: Sendable, Hashable {
        /// Rounds of the judging clockwork since the start; standing still means that vitald is stuck.
        package var tick: UInt64
        /// Which configuration is in force.
        package var generation: UInt64

        /// Makes a reply.
        package init(tick: UInt64, generation: UInt64) {
            self.tick = tick
            self.generation = generation
        }

        /// Writes it as one value.
        package func write(into writer: inout JSONWriter) {
            writer.object { reply in
                reply.member("pong", true)
                reply.member("tick", Int64(clamping: tick))
                reply.member("generation", Int64(clamping: generation))
            }
        }

        /// Reads a reply; nil where it is none.
        package init?(reading value: JSONValue) {
            guard value["pong"]?.boolean == true else { return nil }
            tick = UInt64(clamping: value["tick"]?.integer ?? 0)
            generation = UInt64(clamping: value["generation"]?.integer ?? 0)
        }
    }
}
