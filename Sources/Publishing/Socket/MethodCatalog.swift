// SPDX-License-Identifier: Apache-2.0

import Glibc
import Vitals

/// Answers calls that concern the connection itself, such as a subscription.
protocol SessionHandler: Sendable {
    /// The method it answers.
    var method: SocketMethod { get }

    /// Answers a call at once, on the event loop.
    func answer(_ call: SocketCall, of session: SocketSession, into result: inout JSONWriter)
        throws(SocketFault)
}

/// Every method of one server, found by the bytes of its name.
struct MethodCatalog {
    /// Who answers.
    enum Answerer {
        case call(any SocketHandler)
        case session(any SessionHandler)
    }

    /// One method.
    final class Entry {
        let method: SocketMethod
        let answerer: Answerer
        let succeeded: TallyBook.Tally
        fileprivate let name: [UInt8]

        init(method: SocketMethod, answerer: Answerer, succeeded: TallyBook.Tally) {
            self.method = method
            self.answerer = answerer
            self.succeeded = succeeded
            name = Array(method.name.utf8)
        }
    }

    /// In the order in which `describe` lists them.
    let entries: [Entry]

    /// A catalog of these handlers; the first of two with the same name counts.
    init(_ answerers: [Answerer], tallies: SocketTallies) {
        var entries: [Entry] = []
        for answerer in answerers {
            let method =
                switch answerer {
                case .call(let handler): handler.method
                case .session(let handler): handler.method
                }
            guard !entries.contains(where: { $0.method.name == method.name }) else { continue }
            entries.append(
                Entry(method: method, answerer: answerer, succeeded: tallies.succeeded(method.name)))
        }
        self.entries = entries
    }

    /// The method of this name. Two dozen names of different lengths: a scan beats a hash.
    func entry(named name: UnsafeRawBufferPointer) -> Entry? {
        guard let base = name.baseAddress else { return nil }
        for entry in entries where entry.name.count == name.count {
            if entry.name.withUnsafeBytes({ own in
                own.baseAddress.map { memcmp($0, base, name.count) == 0 } ?? false
            }) {
                return entry
            }
        }
        return nil
    }

    /// The method of this name.
    func entry(named name: String) -> Entry? { entries.first { $0.method.name == name } }
}
