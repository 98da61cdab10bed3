// SPDX-License-Identifier: Apache-2.0

/// How one kind of item is pushed in JSON: its method, and how its parameters are read. A new kind of item is a case of
/// `PushItem`, a file beside this one, and a line in `all`.
package struct PushForm: Sendable {
    /// The kind of item.
    package let kind: PushItem.Kind
    /// The method that pushes one.
    package let method: SocketMethod
    /// Reads the item.
    package let read: @Sendable (CallParameters) throws(SocketFault) -> PushItem

    /// Describes a form; the method's name is the kind's.
    init(
        _ kind: PushItem.Kind, _ summary: String, parameters: [SocketMethod.Parameter], example: String,
        read: @escaping @Sendable (CallParameters) throws(SocketFault) -> PushItem
    ) {
        self.kind = kind
        method = SocketMethod(
            kind.method, role: .push, summary, parameters: parameters,
            result: "accepted (1), rejected (0)", example: example)
        self.read = read
    }

    /// Every form, in the order of `describe`.
    package static let all: [PushForm] = [PushHeartbeat.form, PushCheck.form]
}

extension SocketFault {
    /// Why an item was not taken.
    package init(_ refusal: PushRefusal) {
        switch refusal {
        case .unknownCheck(let type, let name): self = .notFound("\(type) check", name: name)
        }
    }
}
