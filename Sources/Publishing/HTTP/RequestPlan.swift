// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1

/// What is to be done with a request that was let in.
enum RequestPlan {
    /// Its route is asked.
    case answer(route: Int, parameters: [(name: String, value: String)])
    /// Its body is read, and then its route is asked.
    case receive(BodyPlan, route: Int, parameters: [(name: String, value: String)])
    /// It is refused.
    case refuse(HTTPAnswer, route: Int?)
}

extension HTTPServer {
    /// Finds the route of a request, and whether it may be asked in this way.
    func plan(
        _ request: HTTPRequest, _ head: HTTPRequestHead, _ arrival: Doorkeeper.Arrival?
    ) -> RequestPlan {
        let hasBody = BodyFraming.isAnnounced(by: head)
        let (number, parameters): (Int, [(name: String, value: String)])
        switch router.match(request.path, request.method) {
        case .route(let found, let values): (number, parameters) = (found, values)
        // A body whose route takes none is refused as such, whatever the method.
        case .wrongMethod(let number, _) where hasBody:
            return .refuse(BodyPlan.unwanted.answer, route: number)
        case .wrongMethod(let number, let allow):
            return .refuse(
                HTTPAnswer(.methodNotAllowed, text: "405: only \(allow) here.\n").with("Allow", allow),
                route: number)
        case .nowhere:
            return .refuse(
                HTTPAnswer(.notFound, text: "404: nothing here. / lists what there is.\n"), route: nil)
        }
        if request.method != .GET, let refusal = writeRefusal(head, arrival) {
            return .refuse(refusal, route: number)
        }
        guard hasBody else { return .answer(route: number, parameters: parameters) }
        // GET takes no body even where POST takes one.
        let rule = request.method == .GET ? BodyRule.nothing : router.body(of: number)
        do throws(BodyPlan.Refusal) {
            return .receive(try BodyPlan(head, for: rule), route: number, parameters: parameters)
        } catch {
            return .refuse(error.answer, route: number)
        }
    }

    private func writeRefusal(_ head: HTTPRequestHead, _ arrival: Doorkeeper.Arrival?) -> HTTPAnswer? {
        let isKnown =
            state.value.door?.access.logins.isWanted ?? false || arrival?.tls?.trust.authorities != nil
        guard let refusal = WriteRule(arrival: arrival, isKnown: isKnown).refusal(of: head) else {
            return nil
        }
        tallies.refusals.add(refusal.count)
        return refusal.answer
    }
}
