// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore

/// Why accept(2) did not give a connection, and what follows from it.
///
/// Beside its own errors, Linux passes on those of the network that the new connection already has (EPROTO,
/// EHOSTUNREACH …), and a firewall or a security module adds EPERM: none of them says anything about the listening
/// socket, which goes on after a pause.
struct AcceptFailure: Equatable, Sendable {
    /// The errno; 0 where the library gave none.
    let code: CInt

    init(_ code: CInt) { self.code = code }

    init(_ error: any Error) { code = (error as? IOError)?.errnoCode ?? 0 }

    /// Whether neither vitald nor the machine has a descriptor left.
    var isForDescriptors: Bool { code == EMFILE || code == ENFILE }

    /// Whether it says that the socket itself is of no use, which only a restart changes.
    var isOfTheSocket: Bool { [EINVAL, EBADF, ENOTSOCK].contains(code) }

    /// How long nothing is accepted, after so many failures in a row. The listening socket stays readable meanwhile:
    /// without a pause the event loop would try again at once, and do nothing else.
    func pause(after failures: Int) -> TimeAmount {
        switch code {
        case EMFILE, ENFILE, ENOMEM, ENOBUFS: .seconds(1)
        default: .milliseconds(min(1000, 10 << Int64(min(max(failures, 1) - 1, 7))))
        }
    }

    /// Its name in the counter.
    var label: String {
        Self.names.first { $0.code == code }?.name ?? (code == 0 ? "other" : "errno \(code)")
    }

    /// What happened and what follows, without the listener's name.
    func sentence(allowed: Int) -> String {
        switch code {
        case EMFILE:
            "no descriptors are free: all \(allowed) that vitald may have are in use, and new connections wait. Raise "
                + "LimitNOFILE= of the unit, or close idle clients."
        case ENFILE:
            "no descriptors are free: the whole machine has none left, and new connections wait. Raise the sysctl "
                + "fs.file-max, or see which process holds so many."
        case ENOMEM, ENOBUFS:
            "the kernel has no memory for another connection, and new connections wait. See which process uses it."
        case 0: "a connection could not be accepted. The socket goes on listening."
        default:
            "a connection could not be accepted: \(Self.text(code)) (\(label)). The socket goes on listening; if this "
                + "comes again and again, see whether a firewall or a security module forbids it."
        }
    }

    private static func text(_ code: CInt) -> String {
        strerror(code).map { String(cString: $0) } ?? "unknown error"
    }

    private static let names: [(code: CInt, name: String)] = [
        (EMFILE, "EMFILE"), (ENFILE, "ENFILE"), (ENOMEM, "ENOMEM"), (ENOBUFS, "ENOBUFS"),
        (ECONNABORTED, "ECONNABORTED"), (EPERM, "EPERM"), (EACCES, "EACCES"), (EPROTO, "EPROTO"),
        (ENOPROTOOPT, "ENOPROTOOPT"), (ENETDOWN, "ENETDOWN"), (ENETUNREACH, "ENETUNREACH"),
        (EHOSTDOWN, "EHOSTDOWN"), (EHOSTUNREACH, "EHOSTUNREACH"), (ENONET, "ENONET"),
        (EOPNOTSUPP, "EOPNOTSUPP"), (ETIMEDOUT, "ETIMEDOUT"), (EIO, "EIO"), (ENOSPC, "ENOSPC"),
        (EINVAL, "EINVAL"), (EINTR, "EINTR"), (EAGAIN, "EAGAIN"), (ENOSYS, "ENOSYS"),
    ]
}
