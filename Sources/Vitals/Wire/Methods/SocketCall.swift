// SPDX-License-Identifier: Apache-2.0

/// One call as a handler sees it: who, with what, when.
package struct SocketCall: Sendable {
    /// Who calls.
    package let caller: SocketCaller
    /// The value of `params`; nil where there is none.
    package let parameters: JSONValue?
    /// When the bytes of the call were read.
    package let received: Instant

    /// Makes a call.
    package init(caller: SocketCaller, parameters: JSONValue? = nil, received: Instant) {
        self.caller = caller
        self.parameters = parameters
        self.received = received
    }

    /// The parameters, by name.
    package var arguments: CallParameters { CallParameters(parameters) }

    /// A text, or nil where it is not given; anything but a text is refused.
    package func text(_ name: StaticString) throws(SocketFault) -> String? { try arguments.text(name) }

    /// A text that must be given.
    package func requiredText(_ name: StaticString) throws(SocketFault) -> String {
        try arguments.requiredText(name)
    }

    /// A whole number within bounds, or nil where it is not given.
    package func integer(_ name: StaticString, within bounds: ClosedRange<Int64>) throws(SocketFault)
        -> Int64?
    {
        try arguments.integer(name, within: bounds)
    }

    /// Several texts, given as an array or as one text; nil where it is not given.
    package func texts(_ name: StaticString) throws(SocketFault) -> [String]? { try arguments.texts(name) }
}

/// The peer of a connection, as the kernel has it at connect; nothing that a client says of itself counts.
package final class SocketCaller: Sendable {
    /// The connection.
    package let connection: ConnectionID
    /// SO_PEERCRED.
    package let credentials: PeerCredentials
    /// What it may do.
    package let roles: Set<SocketRole>
    /// Its unit and container, where the kernel tells.
    package let origin: PeerOrigin?

    /// Makes a caller.
    package init(
        connection: ConnectionID, credentials: PeerCredentials, roles: Set<SocketRole>, origin: PeerOrigin?
    ) {
        self.connection = connection
        self.credentials = credentials
        self.roles = roles
        self.origin = origin
    }

    /// The same, as the receivers of pushes want it.
    package var source: PushSource {
        PushSource(
            connection: connection, pid: credentials.pid == 0 ? nil : credentials.pid, uid: credentials.uid,
            origin: origin)
    }
}

/// Who stands behind a Unix socket at the moment of connect(2) (unix(7), SO_PEERCRED).
package struct PeerCredentials: Sendable, Hashable {
    /// The process; 0 when it lives in a pid namespace that this one does not see.
    package var pid: Int32
    /// The user; 65534 when its user namespace has no mapping here.
    package var uid: UInt32
    /// The group.
    package var gid: UInt32

    /// Makes credentials.
    package init(pid: Int32, uid: UInt32, gid: UInt32) {
        self.pid = pid
        self.uid = uid
        self.gid = gid
    }
}
