// SPDX-License-Identifier: Apache-2.0

import NIOHTTP1
import Vitals

/// `/api/v1/events`: every confirmed change of health as a server-sent event, as `subscribe` tells it on the socket;
/// `?topics=status,check` for some of them.
///
/// It begins with an event `snapshot`, the answer of `subscribe`; a reader that comes again with `Last-Event-ID` gets
/// what it missed instead.
struct EventsRoute: Route {
    static let paths = ["/api/v1/events"]
    static let title = "changes of health as server-sent events (?topics=status,check)"
    private let events: EventStreams

    init(_ sources: RouteSources) { events = sources.events }

    func answer(_ request: HTTPRequest) -> RouteReply {
        let words = request.query.filter { $0.name == "topics" }
            .flatMap { $0.value.split(separator: ",").map(String.init) }
        let topics: [Subscribe.Topic]
        do {
            topics = try Subscribe.topics(named: request.item("topics") == nil ? nil : words)
        } catch {
            return .now(HTTPAnswer(.badRequest, text: "400: \(error.message.line)\n"))
        }
        // A browser sends an empty one where it has got none yet.
        let last = request.headers.first(name: "last-event-id").flatMap { $0.isEmpty ? nil : $0 }
        do {
            return .stream(
                try events.stream(for: request.client, topics, after: last.map { EventPosition($0) }))
        } catch {
            switch error {
            case .full(let most):
                return .now(
                    HTTPAnswer(
                        .serviceUnavailable,
                        text: "503: all \(most) event streams are in use. Try again later.\n"
                    )
                    .with("Retry-After", "15"))
            case .client(let most):
                return .now(
                    HTTPAnswer(
                        .tooManyRequests,
                        text: "429: your address or user has \(most) event streams open. Close one of them.\n"
                    ).with("Retry-After", "15"))
            }
        }
    }
}
