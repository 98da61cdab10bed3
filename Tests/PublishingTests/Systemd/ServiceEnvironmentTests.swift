// SPDX-License-Identifier: Apache-2.0

import Publishing
import Testing

@Suite("What the service manager tells through the environment")
struct ServiceEnvironmentTests {
    private func read(_ variables: [String: String], pid: Int32 = 71) -> ServiceEnvironment {
        ServiceEnvironment(environment: { variables[$0] }, pid: pid)
    }

    @Test("sockets come with their names, from descriptor 3 on")
    func sockets() {
        let found = read(["LISTEN_PID": "71", "LISTEN_FDS": "3", "LISTEN_FDNAMES": "vitald::http"])

        #expect(
            found.sockets == [
                .init(descriptor: 3, name: "vitald"), .init(descriptor: 4, name: ""),
                .init(descriptor: 5, name: "http"),
            ])
    }

    @Test("sockets and beats meant for another process are not ours")
    func foreign() {
        let found = read([
            "LISTEN_PID": "70", "LISTEN_FDS": "1", "WATCHDOG_PID": "70", "WATCHDOG_USEC": "30000000",
        ])

        #expect(found.sockets.isEmpty)
        #expect(found.watchdog == nil)
    }

    @Test("the watchdog's window is in microseconds")
    func watchdog() {
        #expect(read(["WATCHDOG_USEC": "30000000"]).watchdog == .seconds(30))
        #expect(read(["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "71"]).watchdog == .seconds(30))
    }

    @Test(
        "rubbish is nothing", arguments: ["", "-1", "0", "x", "99999999999999999999", "9223372036854775807"])
    func rubbish(text: String) {
        let found = read(["LISTEN_PID": "71", "LISTEN_FDS": text, "WATCHDOG_USEC": text, "NOTIFY_SOCKET": ""])

        #expect(found.sockets.isEmpty)
        #expect(found.watchdog == nil)
        #expect(found.notifySocket == nil)
    }
}
