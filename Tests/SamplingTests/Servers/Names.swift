// SPDX-License-Identifier: Apache-2.0

import Outbound
import Synchronization
import Threads

/// Name servers that know every name as 127.0.0.1, until they break.
final class FlakyNames: Sendable {
    let isBroken = Atomic(false)

    var lookup: Resolver.Lookup {
        { [self] host in
            if isBroken.load(ordering: .sequentiallyConsistent) { return .failure(.noServer(host)) }
            return HostAddress.literal("127.0.0.1", port: 0).map { .success([$0]) }
                ?? .failure(.unknownName(host))
        }
    }
}

/// Name servers that do not answer until they are let go.
final class HangingNames: Sendable {
    private let gate = Awaited<Bool>()
    let calls = Atomic(0)

    func release() { gate.fulfil(true) }

    var lookup: Resolver.Lookup {
        { [self] host in
            calls.add(1, ordering: .sequentiallyConsistent)
            _ = gate.value(within: .seconds(300))
            return HostAddress.literal("127.0.0.1", port: 0).map { .success([$0]) }
                ?? .failure(.unknownName(host))
        }
    }
}
