// SPDX-License-Identifier: Apache-2.0

import Glibc
import Outbound
import Testing
import Threads
import Vitals

@testable import Sampling

/// A real twemproxy (nutcracker) in front of a real Redis; gone when nobody holds it.
final class Twemproxy: Sendable {
    let server: RedisServer
    let port: UInt16
    let process: Spawned

    static let isInstalled = Workbench.finds("nutcracker")
    static let skipReason: Comment = "twemproxy is not installed: apt install nutcracker"

    init(_ server: RedisServer) throws {
        self.server = server
        (process, port) = try Workbench.listening { port in
            let directory = try Workbench.directory("nut")
            let path = "\(directory)/nutcracker.yml"
            let text = Array(
                """
                pool:
                  listen: 127.0.0.1:\(port)
                  hash: fnv1a_64
                  distribution: ketama
                  redis: true
                  servers:
                    - 127.0.0.1:\(server.port):1

                """.utf8)
            let file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
            try #require(file >= 0 && write(file, text, text.count) == text.count)
            close(file)
            let process = try Spawned(
                ["nutcracker", "-c", path, "-s", "\(Workbench.freePort())", "-v", "11"], directory: directory,
                ending: "KILL")
            let address = try #require(HostAddress.literal("127.0.0.1", port: port))
            let time = ShiftableTime()
            try Workbench.wait(for: "twemproxy") {
                let countdown = Countdown(time: time, deadline: time.now + .seconds(1))
                return process.hasEnded
                    || StreamSocket.failure(connectingTo: .address(address), countdown) == nil
            }
            return process
        }
    }
}
