// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Publishing
import Vitals

/// What other threads may ask of the daemon: each wish is carried to the event loop and answered there.
final class DaemonControl: Control {
    private let loop: any EventLoop
    private let daemon: NIOLoopBoundBox<Daemon?>

    /// Makes a control of a daemon that is yet to come.
    init(_ loop: any EventLoop) {
        self.loop = loop
        daemon = NIOLoopBoundBox(nil, eventLoop: loop)
    }

    /// Names the daemon; on the event loop.
    func attach(_ daemon: Daemon) { self.daemon.value = daemon }

    func runCheck(_ name: String, _ completion: @escaping @Sendable (RunAnswer) -> Void) {
        loop.execute { [daemon] in
            guard let daemon = daemon.value else { return completion(.unknownCheck) }
            daemon.runCheck(name, completion)
        }
    }

    func reload(_ completion: @escaping @Sendable (ReloadAnswer) -> Void) {
        loop.execute { [daemon] in
            guard let daemon = daemon.value else { return completion(.refused(["vitald is starting"])) }
            daemon.reload(completion)
        }
    }

    /// What the daemon knows of itself; nothing while it starts.
    func houseFindings(_ use: @escaping @Sendable ([Diagnosis]) -> Void) {
        loop.execute { [daemon] in use(daemon.value?.houseFindings ?? []) }
    }

    /// SIGHUP.
    func hangup() { reload { _ in } }

    /// SIGTERM or SIGINT.
    func stop() { loop.execute { [daemon] in daemon.value?.stop() } }

    /// Something was pushed that the judge should hear of now.
    func wake() { loop.execute { [daemon] in daemon.value?.wake() } }
}
