// SPDX-License-Identifier: Apache-2.0

import Publishing
import TestSupport
import Testing

@Suite("What the service manager hears")
struct NotifierTests {
    @Test("a state arrives as one datagram, to the letter")
    func state() throws {
        let manager = try DatagramReader()
        let notifier = Notifier(socket: manager.path)

        notifier.send("READY=1\nSTATUS=Running: 2 checks, 2 healthy")

        #expect(manager.next() == "READY=1\nSTATUS=Running: 2 checks, 2 healthy")
    }

    @Test("a manager that does not read never holds the daemon up, and hears every state in order later")
    func fullQueue() throws {
        let manager = try DatagramReader()
        let notifier = Notifier(socket: manager.path)
        // The kernel queues max_dgram_qlen + 1 datagrams (11 by default): far fewer than these beats.
        for _ in 0..<600 { notifier.beat() }

        notifier.send("STATUS=first")
        notifier.send("STATUS=second")
        var heard: [String] = []
        while let datagram = manager.next(within: 0) { heard.append(datagram) }
        notifier.flush()
        while let datagram = manager.next(within: 0) { heard.append(datagram) }

        let beats = heard.prefix { $0 == "WATCHDOG=1" }.count
        #expect(beats < 600)
        #expect(beats > 0)
        #expect(Array(heard.dropFirst(beats)) == ["STATUS=first", "STATUS=second"])
    }

    @Test(
        "without a usable address every call is without effect",
        arguments: [nil, "", "/", "relative/path", "vsock:2:1"] as [String?])
    func unmanaged(path: String?) {
        let notifier = Notifier(socket: path)

        notifier.send("READY=1")
        notifier.beat()

        #expect(!notifier.isManaged)
    }

    @Test("a missing manager is no fault")
    func missing() {
        let notifier = Notifier(socket: "/tmp/vitald-there-is-no-such-socket")

        notifier.send("READY=1")
        notifier.flush()

        #expect(notifier.isManaged)
    }

    @Test("no text can add a line of its own to a status")
    func statusIsOneLine() {
        let text = Notifier.status(
            "line 14: unknown key \"a\nWATCHDOG=trigger\"" + String(repeating: "x", count: 900))

        #expect(!text.contains("\n"))
        #expect(text.utf8.count <= 504)
        #expect(text.hasPrefix("STATUS=line 14: unknown key \"a WATCHDOG=trigger\""))
    }

    @Test("an abstract address is spoken to by its name")
    func abstract() {
        #expect(Notifier(socket: "@vitald/abstract").isManaged)
    }
}
