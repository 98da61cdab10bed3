// SPDX-License-Identifier: Apache-2.0

/// Who may trigger a read of the kernel. Sampling answers; Publishing and the checks ask.
///
/// Every call returns at once. Its closure is called exactly once, on the sampler's own lane, never on the
/// caller's thread, with figures no older than one second; calls that arrive together share one read.
package protocol KernelReading: Sendable {
    /// Hands over the samples of every kernel family, for the page. The closure may work for long: it stands on
    /// the sampler's lane, where pages are also rendered and compressed.
    func withSheet(_ use: @escaping @Sendable (borrowing Sheet) -> Void)

    /// Hands over the containers and units that a selection picks, and what of them could not be looked at.
    func containers(_ selection: Selection, _ use: @escaping @Sendable (ContainerAnswer) -> Void)

    /// Hands over the cgroup that vitald itself runs in (inside a container: the container's root), or why not.
    func own(_ use: @escaping @Sendable (ContainerAnswer) -> Void)

    /// Hands over the host's figures.
    func host(_ use: @escaping @Sendable (HostFigures) -> Void)

    /// What is missing from the page and the figures now. To be asked from any thread; reads nothing.
    var unmeasured: [Unmeasured] { get }
}

extension KernelReading {
    /// Nothing.
    package var unmeasured: [Unmeasured] { [] }
}

/// Who tells the unit and the container of a peer from its pid.
package protocol PeerResolving: Sendable {
    /// The trusted origin of a process, or nil where the kernel does not tell (gone, foreign pid namespace).
    func origin(ofProcess pid: Int32) -> PeerOrigin?
}

/// Where a peer comes from, as the kernel has it.
package struct PeerOrigin: Sendable, Hashable {
    /// The systemd unit; empty when none.
    package var unit: String
    /// The container's id-path or name; empty when none.
    package var container: String

    /// Makes an origin.
    package init(unit: String, container: String) {
        self.unit = unit
        self.container = container
    }
}
