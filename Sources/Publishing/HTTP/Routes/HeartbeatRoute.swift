// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1
import Vitals

/// `POST /api/v1/heartbeat/NAME`: a sign of life for a heartbeat check, as `push.heartbeat` on the socket. It needs no
/// body; one that is sent is a JSON object, of which nothing is used.
///
/// ```
/// $ curl -X POST --unix-socket /run/vitald/http.sock http://vitald/api/v1/heartbeat/agent
/// {"accepted":1,"rejected":0}
/// ```
struct HeartbeatRoute: Route {
    static let paths = ["/api/v1/heartbeat/NAME"]
    static let title = "a sign of life for a heartbeat check"
    static let methods: [HTTPMethod] = [.POST]
    static let body = BodyRule.push
    private let sink: any PushSink
    private let pushes: PushTallies
    private let time: any TimeSource

    init(_ sources: RouteSources) {
        sink = sources.sink
        pushes = sources.pushes
        time = sources.time
    }

    func answer(_ request: HTTPRequest) -> RouteReply {
        if request.body.readableBytes > 0 {
            do {
                let root = try JSONDocument(parsing: Array(request.body.readableBytesView)).root
                guard root.kind == .object else {
                    return refuse(.badRequest, "400: the body is \(root.kind.phrase); an object is needed.")
                }
            } catch {
                return refuse(
                    .badRequest, "400: the body is not valid JSON: column \(error.column): \(error.what).")
            }
        }
        let name = request.parameter("NAME") ?? ""
        // The time is that of receipt, as the whole request is there only now.
        do throws(PushRefusal) {
            try sink.take(.heartbeat(name: name), from: request.source, at: time.now)
            var receipt = PushReceipt()
            receipt.accept(.heartbeat)
            pushes.count(receipt, at: .http)
            var json = JSONWriter(capacity: 64)
            receipt.write(into: &json)
            return .now(HTTPAnswer(.ok, json: json))
        } catch {
            return refuse(
                .notFound,
                "404: there is no heartbeat check named \"\(Echo.cut(name).line)\". Add one to the configuration, or "
                    + "send its name.")
        }
    }

    private func refuse(_ status: HTTPResponseStatus, _ sentence: String) -> RouteReply {
        pushes.count(PushItem.Kind.heartbeat.rawValue, at: .http, .rejected)
        return .now(HTTPAnswer(status, text: sentence + "\n"))
    }
}
