// SPDX-License-Identifier: Apache-2.0

import Glibc
import Publishing
import Sampling
import Synchronization
import Threads
import Vitals

extension House {
    /// That of the daemon.
    static func daemon(
        _ options: DaemonOptions, _ environment: (String) -> String?, kernel: KernelLane, log: EventLog,
        places: SocketPlaces
    ) -> House {
        House(
            user: geteuid(), configuration: options.configuration.description,
            credentials: environment("CREDENTIALS_DIRECTORY").flatMap { $0.isEmpty ? nil : $0 },
            sockets: { places.paths }, log: { log.standing },
            measured: {
                let answer = Awaited<[String]>()
                kernel.containers(.all) { answer.fulfil($0.containers.map(\.identity.id)) }
                return answer.value(within: patience)
            })
    }

    /// Below that of the examiner, so that the subject itself says why it does not know.
    private static let patience = Duration.seconds(1)
}

/// The paths of the Unix sockets that are served, for whoever looks at them beside the event loop.
final class SocketPlaces: Sendable {
    private let named = Mutex<[String]>([])

    /// The paths; none before they are open.
    var paths: [String] { named.withLock { $0 } }

    /// Says which ones they are.
    func name(_ paths: [String]) { named.withLock { $0 = paths } }
}
