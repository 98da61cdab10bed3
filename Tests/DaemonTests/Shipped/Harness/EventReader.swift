// SPDX-License-Identifier: Apache-2.0

import Testing
import Vitals

/// A reader of `/api/v1/events`, in HTTP/1.0 so that nothing but events is on the wire.
final class EventReader: Sendable {
    struct Event: Sendable {
        var name: String?
        var id: String?
        var data = ""

        func json() throws -> JSONValue { try JSONDocument(parsing: Array(data.utf8)).root }
    }

    private let wire: Wire

    /// Asks, from behind the event of this id where there is one.
    init(_ place: Wire.Place, after id: String? = nil) throws {
        wire = try Wire(place)
        let last = id.map { "Last-Event-ID: \($0)\r\n" } ?? ""
        try wire.send("GET /api/v1/events HTTP/1.0\r\nHost: localhost\r\n\(last)\r\n")
    }

    /// Reads the head; gives its first line.
    func opened() async throws -> String {
        try await Wait.apart { [wire] in
            let status = try wire.line() ?? ""
            while let line = try wire.line(), line != "\r" {}
            return status
        }
    }

    /// The next event; nil at the end of the stream.
    func next() async throws -> Event? {
        try await Wait.apart { [wire] in
            var event = Event()
            while let line = try wire.line() {
                if line.isEmpty {
                    if !event.data.isEmpty { return event }
                    continue
                }
                let sides = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
                let value = String(sides.last?.drop { $0 == " " } ?? "")
                switch sides.first {
                case "event": event.name = value
                case "id": event.id = value
                case "data": event.data = value
                default: break
                }
            }
            return nil
        }
    }

    /// Reads on until a check changed to this word.
    func change(of check: String, to word: String) async throws -> Event {
        while let event = try await next() {
            let data = try event.json()
            if data["check"]?.string == check, data["to"]?.string == word { return event }
        }
        throw ShippedFault("the stream ended before \(check) became \(word)")
    }
}
