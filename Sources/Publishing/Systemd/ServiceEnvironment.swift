// SPDX-License-Identifier: Apache-2.0

/// What the service manager tells through the environment (sd_listen_fds(3), sd_watchdog_enabled(3),
/// systemd.exec(5)). Read once at the start and then removed, so that no child inherits it.
package struct ServiceEnvironment: Sendable, Equatable {
    /// A socket that was opened for us.
    package struct Socket: Sendable, Equatable {
        /// Its descriptor, from 3 on.
        package let descriptor: Int32
        /// Its FileDescriptorName=; empty where none was given.
        package let name: String

        /// Makes a socket.
        package init(descriptor: Int32, name: String) {
            self.descriptor = descriptor
            self.name = name
        }
    }

    /// The variables that must not reach a child.
    package static let variables = [
        "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES",
    ]
    /// More descriptors than this are a mistake, not a request.
    static let maximumSockets = 64

    /// Where to send states; nil outside of a service.
    package let notifySocket: String?
    /// How long the manager waits for a beat; nil where it does not watch.
    package let watchdog: Duration?
    /// Sockets that were opened for us.
    package let sockets: [Socket]

    /// Reads the variables; those meant for another process (LISTEN_PID, WATCHDOG_PID) are not for us.
    package init(environment: (String) -> String?, pid: Int32) {
        notifySocket = environment("NOTIFY_SOCKET").flatMap { $0.isEmpty ? nil : $0 }
        let watchdogIsOurs = environment("WATCHDOG_PID").map { $0 == String(pid) } ?? true
        if watchdogIsOurs, let microseconds = environment("WATCHDOG_USEC").flatMap(Int64.init),
            microseconds > 0,
            microseconds < Int64.max / 1000
        {
            watchdog = .microseconds(microseconds)
        } else {
            watchdog = nil
        }
        guard environment("LISTEN_PID") == String(pid), let text = environment("LISTEN_FDS"),
            let count = Int(text), count > 0, count <= Self.maximumSockets
        else {
            sockets = []
            return
        }
        let names = (environment("LISTEN_FDNAMES") ?? "").split(
            separator: ":", omittingEmptySubsequences: false)
        sockets = (0..<count).map { i in
            Socket(descriptor: Int32(3 + i), name: i < names.count ? String(names[i]) : "")
        }
    }
}
