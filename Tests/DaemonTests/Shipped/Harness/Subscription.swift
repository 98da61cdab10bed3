// SPDX-License-Identifier: Apache-2.0

import Testing
import Vitals

/// A connection on which confirmed changes arrive.
final class Subscription: Sendable {
    private let wire: Wire

    init(_ daemon: ShippedDaemon) throws {
        wire = try Wire(.path(daemon.socket))
        try wire.send(
            #"{"jsonrpc":"2.0","id":1,"method":"subscribe","params":{"topics":["status","check"]}}"# + "\n")
    }

    /// Waits for the answer to the subscription.
    func opened() async throws {
        let line = try await next()
        try #require(line["result"] != nil)
    }

    /// Reads on until a check changed to this word; gives the event's parameters.
    func change(of check: String, to word: String) async throws -> JSONValue {
        while true {
            guard let event = try await next()["params"] else { continue }
            if event["check"]?.string == check, event["to"]?.string == word { return event }
        }
    }

    private func next() async throws -> JSONValue {
        let line = try await Wait.apart { [wire] in try #require(try wire.line(), "the stream ended") }
        return try JSONDocument(parsing: Array(line.utf8)).root
    }
}
