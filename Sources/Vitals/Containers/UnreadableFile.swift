// SPDX-License-Identifier: Apache-2.0

/// A kernel file that could not be read, so that the figures it holds are unknown; those of other files are not.
package struct UnreadableFile: Sendable, Hashable, CustomStringConvertible {
    /// Its name below the container's cgroup: `memory.current`; `.` for the cgroup itself.
    package var name: String
    /// The kind of fault.
    package var cause: Unmeasured.Cause
    /// What the kernel said: `Input/output error`.
    package var problem: String

    /// Names it.
    package init(_ name: String, _ cause: Unmeasured.Cause, _ problem: String) {
        self.name = name
        self.cause = cause
        self.problem = problem
    }

    /// A clause for people: `memory.current cannot be read: Input/output error`.
    package var description: String {
        name == "." ? "its cgroup cannot be opened: \(problem)" : "\(name) cannot be read: \(problem)"
    }
}
