// SPDX-License-Identifier: Apache-2.0

/// One metric family of the page: a name, what it means, and its Prometheus type.
package struct MetricFamily: Sendable, Hashable {
    /// The Prometheus types that vitald speaks.
    package enum Kind: UInt8, Sendable {
        /// Only grows, until a restart.
        case counter
        /// Goes up and down.
        case gauge
        /// Cumulative buckets, a sum and a count.
        case histogram
        /// Of no declared type.
        case untyped
    }

    /// The name as text 0.0.4 has it, so with `_total` where it has one.
    package let name: String
    /// One sentence; not empty.
    package let help: String
    /// The type.
    package let kind: Kind

    /// Makes a family.
    package init(_ name: String, _ kind: Kind, _ help: String) {
        self.name = name
        self.kind = kind
        self.help = help
    }
}
