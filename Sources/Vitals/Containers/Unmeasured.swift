// SPDX-License-Identifier: Apache-2.0

/// Something that vitald could not look at, and why. Nothing is known of it: least of all that it does not run.
package struct Unmeasured: Sendable, Hashable {
    /// What it is.
    package enum Subject: String, Sendable, CaseIterable {
        /// Containers and units.
        case container
        /// Series of containers that were measured, and are not on the page.
        case containerSeries = "container_series"
        /// Kernel files of containers that were measured but for these files.
        case containerFile = "container_file"
        /// Cgroups, in which there may be containers and units.
        case cgroup
        /// Processes whose open files are not counted.
        case processDescriptors = "process_descriptors"
    }

    /// Why, in a closed set of words: a check that meets one is `unknown` with the reason `inconclusive.<word>`.
    package enum Cause: String, Sendable, CaseIterable {
        /// One of vitald's own limits was reached.
        case limit
        /// There is no cgroup v2 tree, or it shows only a part of the machine.
        case cgroup
        /// No descriptors are free.
        case descriptors
        /// The kernel has no memory left.
        case resources
        /// The kernel refused, or what it says cannot be understood.
        case kernel
    }

    /// What it is.
    package var subject: Subject
    /// Why it could not be looked at.
    package var cause: Cause
    /// How many there are; nil where that cannot be known either.
    package var count: Int?
    /// What is so: a clause for people, without a full stop.
    package var fact: String
    /// What to do about it: one sentence.
    package var remedy: String

    /// Describes it.
    package init(_ subject: Subject, _ cause: Cause, count: Int? = nil, fact: String, remedy: String) {
        self.subject = subject
        self.cause = cause
        self.count = count
        self.fact = fact
        self.remedy = remedy
    }

    /// The reason of a check that cannot judge because of it.
    package var reason: Reason { cause.reason }
}

extension Unmeasured.Cause {
    /// The reason of a check that cannot judge because of it.
    package var reason: Reason { Reason("inconclusive.\(rawValue)") }
}
