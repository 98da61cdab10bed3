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

    /// A text, or nil where it is not given; anything but a text is refused.
    package func text(_ name: StaticString) throws(SocketFault) -> String? {
        guard let value = parameters?[name], !value.isNull else { return nil }
        guard let text = value.string else { throw wrong(name, value, "a string") }
        return text
    }

    /// A text that must be given.
    package func requiredText(_ name: StaticString) throws(SocketFault) -> String {
        guard let text = try text(name) else {
            throw .invalidParameter("\(name)", "is missing; a string is needed")
        }
        return text
    }

    /// A whole number within bounds, or nil where it is not given.
    package func integer(_ name: StaticString, within bounds: ClosedRange<Int64>) throws(SocketFault)
        -> Int64?
    {
        guard let value = parameters?[name], !value.isNull else { return nil }
        guard let number = value.integer else { throw wrong(name, value, "a whole number") }
        guard bounds.contains(number) else {
            throw .invalidParameter(
                "\(name)",
                "\(number) is out of range; give \(bounds.lowerBound) to \(bounds.upperBound)")
        }
        return number
    }

    /// Several texts, given as an array or as one text; nil where it is not given.
    package func texts(_ name: StaticString) throws(SocketFault) -> [String]? {
        guard let value = parameters?[name], !value.isNull else { return nil }
        if let text = value.string { return [text] }
        guard value.kind == .array else { throw wrong(name, value, "a string or a list of strings") }
        var texts: [String] = []
        for element in value.elements {
            guard let text = element.string else { throw wrong(name, element, "a list of strings") }
            texts.append(text)
        }
        return texts
    }

    private func wrong(_ name: StaticString, _ value: JSONValue, _ wanted: String) -> SocketFault {
        .invalidParameter("\(name)", "is \(value.kind.phrase); \(wanted) is needed")
    }
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
