// SPDX-License-Identifier: Apache-2.0

/// `hello`: who is who, and what is allowed. Optional: a client that says nothing speaks protocol 1.
package enum Hello {
    /// The one protocol so far; additions within it never break a client.
    package static let protocolVersion: Int64 = 1

    /// The method.
    package static let method = SocketMethod(
        "hello", role: .read, "Tells the protocol, the limits, and what the kernel says of the caller.",
        parameters: [
            .init("protocol", "integer", "the protocol that the client speaks; 1"),
            .init("client", "string", "the client's name and version, for people"),
        ],
        result: "protocol, server, limits {line, batch}, peer {pid, uid, gid, unit, container}, roles",
        example: #"{"protocol":1,"client":"shell"}"#)

    /// What it answers.
    package struct Reply: Sendable {
        /// Name and version of the daemon: `vitald/0.1.0`.
        package var server: String
        /// The longest line, bytes.
        package var line: Int
        /// The most items of one batch.
        package var batch: Int
        /// SO_PEERCRED of the caller.
        package var peer: PeerCredentials
        /// Unit and container of the caller, where the kernel tells.
        package var origin: PeerOrigin?
        /// What the caller may do.
        package var roles: [String]

        /// Makes a reply.
        package init(
            server: String, line: Int, batch: Int, peer: PeerCredentials, origin: PeerOrigin?, roles: [String]
        ) {
            self.server = server
            self.line = line
            self.batch = batch
            self.peer = peer
            self.origin = origin
            self.roles = roles
        }

        /// Writes it as one value.
        package func write(into writer: inout JSONWriter) {
            writer.object { reply in
                reply.member("protocol", Hello.protocolVersion)
                reply.member("server", server)
                reply.member(
                    "limits",
                    object: { limits in
                        limits.member("line", Int64(line))
                        limits.member("batch", Int64(batch))
                    })
                reply.member(
                    "peer",
                    object: { member in
                        // 0 is the kernel's word for a pid namespace out of sight: unknown, not a process.
                        if peer.pid != 0 { member.member("pid", Int64(peer.pid)) }
                        member.member("uid", Int64(peer.uid))
                        member.member("gid", Int64(peer.gid))
                        if let unit = origin?.unit, !unit.isEmpty { member.member("unit", unit) }
                        if let container = origin?.container, !container.isEmpty {
                            member.member("container", container)
                        }
                    })
                reply.member("roles", array: { list in for role in roles { list.string(role) } })
            }
        }

        /// Reads a reply; nil where it is none.
        package init?(reading value: JSONValue) {
            guard let server = value["server"]?.string, let peer = value["peer"] else { return nil }
            self.server = server
            line = Int(clamping: value["limits"]?["line"]?.integer ?? 0)
            batch = Int(clamping: value["limits"]?["batch"]?.integer ?? 0)
            self.peer = PeerCredentials(
                pid: Int32(clamping: peer["pid"]?.integer ?? 0),
                uid: UInt32(clamping: peer["uid"]?.integer ?? 0),
                gid: UInt32(clamping: peer["gid"]?.integer ?? 0))
            let unit = peer["unit"]?.string ?? ""
            let container = peer["container"]?.string ?? ""
            origin = unit.isEmpty && container.isEmpty ? nil : PeerOrigin(unit: unit, container: container)
            roles = value["roles"]?.elements.compactMap(\.string) ?? []
        }
    }
}
