// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// Speaks to the service manager (sd_notify(3)) without ever waiting for it.
///
/// `sd_notify()` itself blocks for as long as the manager does not read. Here a state that the full queue does
/// not take is kept, newest last, and sent with the next beat; a watchdog beat is never kept, since a late
/// beat would be a lie.
package final class Notifier: Sendable {
    /// More states than this never wait: they are few, and the manager reads in microseconds.
    static let maximumWaiting = 16

    private let sink: DatagramSink?
    private let waiting = Mutex([[UInt8]]())

    /// Makes a notifier for `$NOTIFY_SOCKET`; nil stands for a daemon that nobody manages: every call is then
    /// without effect.
    package init(socket path: String?) {
        // sd_notify(3): the value is an absolute path or '@' and an abstract name; anything else is not for us.
        if let path, path.utf8.count > 1, path.hasPrefix("/") || path.hasPrefix("@") {
            sink = DatagramSink(path: path)
        } else {
            sink = nil
        }
    }

    /// Whether somebody listens.
    package var isManaged: Bool { sink != nil }

    /// Sends a state, such as `READY=1\nSTATUS=Running: …`, now or with the next `flush`.
    package func send(_ state: String) {
        guard let sink else { return }
        waiting.withLock { waiting in
            Self.drain(&waiting, sink)
            let bytes = Array(state.utf8)
            if waiting.isEmpty, sink.send(bytes[...]) != .full { return }
            if waiting.count >= Self.maximumWaiting { waiting.removeFirst() }
            waiting.append(bytes)
        }
    }

    /// Sends the beat of the watchdog, now or not at all.
    package func beat() {
        guard let sink else { return }
        _ = sink.send(Array("WATCHDOG=1".utf8)[...])
    }

    /// Tries again to send what waits.
    package func flush() {
        guard let sink else { return }
        waiting.withLock { Self.drain(&$0, sink) }
    }

    private static func drain(_ waiting: inout [[UInt8]], _ sink: DatagramSink) {
        while let first = waiting.first, sink.send(first[...]) != .full { waiting.removeFirst() }
    }

    /// A sentence for STATUS=: one line, at most 500 bytes, so that no text can add a variable of its own.
    package static func status(_ sentence: String) -> String {
        var text = "STATUS="
        for scalar in sentence.unicodeScalars where text.utf8.count < 500 {
            text.unicodeScalars.append(scalar.value < 0x20 || scalar.value == 0x7F ? " " : scalar)
        }
        return text
    }
}
