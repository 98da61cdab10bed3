// SPDX-License-Identifier: Apache-2.0

/// What became of the items of one push.
package struct PushReceipt: Sendable {
    /// One item that was not taken.
    package struct Rejection: Sendable {
        /// Its place in the batch, from 0.
        package let index: Int
        /// What kind of item it is; nil where it does not say one that there is.
        package let kind: PushItem.Kind?
        /// Why.
        package let fault: SocketFault
    }

    /// The most rejections that an answer lists; the numbers count all.
    package static let mostErrors = 16

    /// How many items of each kind were taken.
    package private(set) var accepted: [PushItem.Kind: Int] = [:]
    /// Those that were not.
    package private(set) var rejections: [Rejection] = []

    /// A receipt for nothing yet.
    package init() {}

    /// Notes an item that was taken.
    package mutating func accept(_ kind: PushItem.Kind) { accepted[kind, default: 0] += 1 }

    /// Notes one that was not.
    package mutating func reject(_ index: Int, _ kind: PushItem.Kind?, because fault: SocketFault) {
        rejections.append(Rejection(index: index, kind: kind, fault: fault))
    }

    /// Writes it as one value: `{"accepted":2,"rejected":1,"errors":[{"index":1,"code":-32020,"kind":"not_found"}]}`.
    /// Without rejections there is no `errors`.
    package func write(into writer: inout JSONWriter) {
        writer.object { reply in
            reply.member("accepted", Int64(accepted.values.reduce(0, +)))
            reply.member("rejected", Int64(rejections.count))
            guard !rejections.isEmpty else { return }
            reply.member(
                "errors",
                array: { list in
                    for rejection in rejections.prefix(Self.mostErrors) {
                        list.object { error in
                            error.member("index", Int64(rejection.index))
                            error.member("code", rejection.fault.code)
                            error.member("kind", rejection.fault.kind)
                        }
                    }
                })
        }
    }
}
