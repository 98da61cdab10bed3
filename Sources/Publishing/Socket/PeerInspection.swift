// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
package import Vitals

/// Who a freshly accepted peer is: asked once, at accept, from the kernel alone.
package struct PeerInspection: Sendable {
    /// What the kernel told.
    package struct Peer: Sendable, Hashable {
        /// SO_PEERCRED.
        package var credentials: PeerCredentials
        /// Unit and container, where they could be told.
        package var origin: PeerOrigin?

        /// Makes a peer.
        package init(credentials: PeerCredentials, origin: PeerOrigin? = nil) {
            self.credentials = credentials
            self.origin = origin
        }
    }

    private let inspect: @Sendable (CInt) -> PeerCredentials?
    private let locate: @Sendable (CInt, PeerCredentials) -> PeerOrigin?

    /// Asks something else than the kernel; nil stands for a peer about which nothing can be known.
    package init(_ inspect: @escaping @Sendable (_ descriptor: CInt) -> Peer?) {
        self.inspect = { inspect($0)?.credentials }
        locate = { descriptor, _ in inspect(descriptor)?.origin }
    }

    /// Asks the kernel, and `resolver` for the origin of the peer's process.
    package init(resolver: (any PeerResolving)?) {
        inspect = { descriptor in
            var peer = clinux_peer()
            guard clinux_peer_credentials(descriptor, &peer) == 0 else { return nil }
            return PeerCredentials(pid: peer.pid, uid: peer.uid, gid: peer.gid)
        }
        locate = { Self.origin(of: $1.pid, behind: $0, resolver: resolver) }
    }

    /// The user behind this descriptor: one system call, so that refusing one costs little.
    func credentials(of descriptor: CInt) -> PeerCredentials? { inspect(descriptor) }

    /// The unit and container behind this descriptor, which takes files of /proc.
    func origin(of descriptor: CInt, _ credentials: PeerCredentials) -> PeerOrigin? {
        locate(descriptor, credentials)
    }

    /// The cgroup is read by number, and numbers are used again: where the kernel has SO_PEERPIDFD (6.5), the
    /// answer counts only if the process still lived after it was read. An older kernel leaves the number alone.
    private static func origin(of pid: Int32, behind descriptor: CInt, resolver: (any PeerResolving)?)
        -> PeerOrigin?
    {
        guard let resolver, pid > 0 else { return nil }
        let process = clinux_peer_pidfd(descriptor)
        if process == -ENOPROTOOPT { return resolver.origin(ofProcess: pid) }
        guard process >= 0 else { return nil }
        defer { close(process) }
        let origin = resolver.origin(ofProcess: pid)
        return clinux_pidfd_ended(process) ? nil : origin
    }
}
