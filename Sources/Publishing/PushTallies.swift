// SPDX-License-Identifier: Apache-2.0

import Vitals

/// Counts pushed items by kind and by what became of them, over the socket and over HTTP.
package struct PushTallies: Sendable {
    private let book: TallyBook

    /// Counts in this book.
    init(book: TallyBook) { self.book = book }

    /// Counts one.
    func add(_ kind: String, accepted: Bool) {
        let labels = [("kind", kind), ("result", accepted ? "accepted" : "rejected")]
        book.tally(SocketFamilies.pushed, labels).add()
    }
}
