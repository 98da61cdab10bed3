// SPDX-License-Identifier: Apache-2.0

/// `push.batch`: several items in one line, each on its own: one that is bad rejects no other.
package enum PushBatch {
    /// The most items of one batch.
    package static let mostItems = 512

    /// The method.
    package static let method = SocketMethod(
        "push.batch", role: .push,
        "Up to 512 items in one line, each on its own: one that is bad rejects no other.",
        parameters: [
            .init(
                "items", "array of objects", required: true,
                "{kind, …}: kind is \(PushItem.Kind.allCases.map(\.rawValue).joined(separator: " or ")),"
                    + " the rest the parameters of push.KIND")
        ],
        result: "accepted, rejected, and errors [{index, code, kind}] of the first 16 rejected items",
        example: #"{"items":[{"kind":"heartbeat","name":"agent_responsive"},"#
            + #"{"kind":"check","name":"backup","outcome":"pass"}]}"#)

    /// The items of a batch, not read yet; more than a batch may hold are refused as a whole.
    package static func items(of parameters: CallParameters) throws(SocketFault) -> [JSONValue] {
        let items = try parameters.requiredList("items")
        guard items.count <= mostItems else {
            throw .invalidParameter(
                "items", "\(items.count) items are more than \(mostItems); send them in several batches")
        }
        return items
    }

    /// The form of an item.
    package static func form(of item: JSONValue) throws(SocketFault) -> PushForm {
        guard item.kind == .object else {
            throw .invalidParameter("items", "an item is \(item.kind.phrase); an object is needed")
        }
        let kind = try CallParameters(item).requiredText("kind")
        guard let form = PushForm.all.first(where: { $0.kind.rawValue == kind }) else {
            throw .invalidParameter("kind", "there is no kind \"\(Echo.cut(kind))\" of item")
        }
        return form
    }
}
