// SPDX-License-Identifier: Apache-2.0

import Outbound
import Vitals

extension ResolveFailure {
    /// `fail`, or `unknown` where vitald itself was short of something.
    var outcome: Outcome {
        switch self {
        case .unknownName, .noServer, .refused, .timeout: .fail
        case .resources, .descriptors, .noLane, .noThread: .unknown
        }
    }

    /// The stable code.
    var reason: Reason {
        switch self {
        case .unknownName, .noServer, .refused: "dns.failed"
        case .timeout: "timeout.resolve"
        case .resources: "inconclusive.resources"
        case .descriptors: DescriptorShortage.reason
        case .noLane, .noThread: "inconclusive.lanes"
        }
    }

    /// One sentence for people.
    var message: String {
        switch self {
        case .unknownName(let host): "the name \(host) does not resolve: no address is known for it"
        case .noServer(let host): "the name \(host) does not resolve: no name server answers"
        case .refused(let host, let code):
            "the name \(host) does not resolve: the resolver answers EAI \(code)"
        case .resources(let host): "the name \(host) could not be resolved: vitald is short of memory"
        case .descriptors(let host, let code):
            "the name \(host) could not be resolved: \(DescriptorShortage.sentence(code))"
        case .timeout(let host): "the name \(host) did not resolve in time"
        case .noLane(let host):
            "the name \(host) was not resolved: all worker threads are busy, other checks are blocked"
        case .noThread: ProbeResult.noThread
        }
    }
}
