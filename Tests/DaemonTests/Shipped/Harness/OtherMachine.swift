// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

/// A network of a daemon's own (network_namespaces(7)) with one address that is not loopback: who asks there comes
/// from there, as another machine would. Nobody else can reach it.
struct OtherMachine: Sendable {
    let address = "192.0.2.1"

    static let isPossible: Bool =
        Program.has("ip", "unshare", "nsenter") && geteuid() == 0
        && (try? Program.output(["unshare", "-n", "true"]))?.ending == .code(0)

    /// What becomes the daemon within that network.
    var prefix: [String] {
        [
            "unshare", "-n", "sh", "-ec", "ip link set lo up; ip addr add \(address)/24 dev lo; exec \"$@\"",
            "sh",
        ]
    }

    /// Asks a daemon from within its network.
    func curl(_ daemon: ShippedDaemon, _ words: [String]) async throws -> Curl {
        try await Curl.get(words, within: ["nsenter", "-t", String(daemon.pid), "-n"])
    }
}
