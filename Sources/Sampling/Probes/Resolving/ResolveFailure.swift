// SPDX-License-Identifier: Apache-2.0

package import Vitals

/// Why a name has no addresses.
package struct ResolveFailure: Error, Sendable, Hashable {
    /// `fail`, or `unknown` where vitald itself was short of something.
    package let outcome: Outcome
    /// `dns.failed`, `timeout.resolve`, `inconclusive.lanes`, `inconclusive.descriptors` or `inconclusive.resources`.
    package let reason: Reason
    /// One sentence for people.
    package let message: String

    /// Makes a failure.
    package init(_ outcome: Outcome, _ reason: Reason, _ message: String) {
        self.outcome = outcome
        self.reason = reason
        self.message = message
    }

    /// The name servers, or the files, say that there is no such name.
    package static func unknownName(_ host: String) -> ResolveFailure {
        ResolveFailure(
            .fail, "dns.failed", "the name \(host) does not resolve: no address is known for it")
    }

    /// Nobody answered.
    package static func noServer(_ host: String) -> ResolveFailure {
        ResolveFailure(.fail, "dns.failed", "the name \(host) does not resolve: no name server answers")
    }

    /// Any other answer of getaddrinfo(3), by its number.
    package static func refused(_ host: String, code: Int32) -> ResolveFailure {
        ResolveFailure(
            .fail, "dns.failed", "the name \(host) does not resolve: the resolver answers EAI \(code)")
    }

    /// There is no memory for asking.
    package static func resources(_ host: String) -> ResolveFailure {
        ResolveFailure(
            .unknown, "inconclusive.resources",
            "the name \(host) could not be resolved: vitald is short of memory")
    }

    /// There is no descriptor for asking; the code is EMFILE or ENFILE.
    package static func descriptors(_ host: String, code: Int32) -> ResolveFailure {
        ResolveFailure(
            .unknown, DescriptorShortage.reason,
            "the name \(host) could not be resolved: \(DescriptorShortage.sentence(code))")
    }

    /// The deadline passed before the resolver answered.
    package static func timeout(_ host: String) -> ResolveFailure {
        ResolveFailure(.fail, "timeout.resolve", "the name \(host) did not resolve in time")
    }

    /// All worker threads are busy.
    package static func noLane(_ host: String) -> ResolveFailure {
        ResolveFailure(
            .unknown, "inconclusive.lanes",
            "the name \(host) was not resolved: all worker threads are busy, other checks are blocked")
    }
}
