// SPDX-License-Identifier: Apache-2.0

import Glibc
import Outbound
import Vitals

extension ProbeFailure {
    /// What an error of the kernel means, connecting to or speaking with `place`: the one table for all probes,
    /// so that the same trouble has the same code whoever meets it (connect(2), tcp(7), unix(7)).
    init(errno code: Int32, place: String) {
        switch code {
        case ECONNREFUSED:
            self.init(.fail, "refused", "\(place) refused the connection: nothing listens there")
        case EAGAIN:
            // On connect(2) to a Unix socket, and only there.
            self.init(.fail, "refused", "\(place) takes no connections: its queue of them is full")
        case ENOENT, ENOTDIR, ENOTSOCK: self.init(.fail, "missing", "there is no socket at \(place)")
        case EHOSTUNREACH, ENETUNREACH, ENETDOWN, EHOSTDOWN:
            self.init(.fail, "unreachable", "there is no way to \(place)")
        case EADDRNOTAVAIL:
            // No address of this family, as ::1 without IPv6, or every port towards that place taken.
            self.init(
                .fail, "unreachable", "this machine has no address or no free port to reach \(place) from")
        case EACCES, EPERM:
            self.init(
                .fail, "denied", "vitald may not connect to \(place): permissions or a firewall forbid it")
        case ETIMEDOUT: self.init(.fail, "timeout.connect", "\(place) did not answer the connection")
        case ECONNRESET, ECONNABORTED: self.init(.fail, "reset", "\(place) reset the connection")
        case EPIPE: self.init(.fail, "closed", "\(place) closed the connection")
        case EMFILE, ENFILE:
            self.init(.unknown, DescriptorShortage.reason, DescriptorShortage.sentence(code))
        case ENOBUFS, ENOMEM: self.init(.unknown, "inconclusive.resources", "the kernel has no memory left")
        case ENOSPC:
            // Of epoll_ctl(2), never of connect(2).
            self.init(
                .unknown, "inconclusive.resources",
                "the kernel watches no more descriptors for vitald's user (sysctl fs.epoll.max_user_watches)")
        default: self.init(.fail, "connect.failed", "connecting to \(place) failed (errno \(code))")
        }
    }
}
