// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport
import Testing
import Vitals

@Suite("The shipped binary and files that hang")
struct ReloadTests {
    /// A pipe as the file of authorities: opening it hangs until somebody writes, as a file of a dead server does.
    private static func configuration(authorities: String?) -> String {
        """
        { "http": { "listen": [] }, "containers": { "include": [], "systemdUnits": [] },
          "defaults": { "interval": "1s", "timeout": "500ms" }, "checks": [
            { "name": "capacity", "type": "memory", "of": "host", "warnPercent": 100, "failPercent": 100 }
            \(authorities.map {
                #", { "name": "page", "type": "http", "url": "https://localhost:1/", "enabled": false, "tls": { "caFile": "\#($0)" } }"#
            } ?? "") ] }
        """
    }

    @Test("a reload that hangs leaves answers and beats alone, fails with the file's name, and heals")
    func hangingReload() async throws {
        let notify = try NotifySocket()
        let directory = try TestDirectory()
        let pipe = directory.path + "/ca.pem"
        try #require(mkfifo(pipe, 0o600) == 0)
        let daemon = try await ShippedDaemon(
            Self.configuration(authorities: nil),
            environment: ["NOTIFY_SOCKET": notify.path, "WATCHDOG_USEC": "6000000"], in: directory
        ).serving()
        try await Wait.until("the first round") { try await daemon.get("/readyz").status == 200 }

        let known = notify.states.count
        try daemon.reconfigure(Self.configuration(authorities: pipe))
        _ = try await notify.state("RELOADING=1", after: known)
        let began = ContinuousClock.now
        // Asked meanwhile: read next, when the file is mended.
        try directory.write("config.json", Self.configuration(authorities: nil))
        async let queued = daemon.result("reload")

        var slowest = Duration.zero
        while !notify.states.dropFirst(known).contains(where: { $0.hasPrefix("READY=1") }) {
            try #require(ContinuousClock.now - began < Wait.patience, "the reload is not given up")
            for target in ["/livez", "/readyz", "/metrics"] {
                let asked = ContinuousClock.now
                let page = try await daemon.get(target)
                slowest = max(slowest, ContinuousClock.now - asked)
                #expect(page.status == 200)
            }
            let asked = ContinuousClock.now
            _ = try await daemon.result("ping")
            slowest = max(slowest, ContinuousClock.now - asked)
        }
        #expect(slowest < .seconds(3), "no answer waited for the file")
        #expect(ContinuousClock.now - began > .seconds(8), "it was given its time")

        let refused = try await notify.state("READY=1", after: known)
        #expect(
            refused.hasPrefix(
                "READY=1\nSTATUS=Reload failed, keeping generation 1: \"\(pipe)\" was not read within 10s: "
                    + "its file system hangs."), "\(refused)")
        #expect(daemon.logged("reloadFailed").count == 1)
        #expect(try await queued["generation"]?.integer == 2, "the wish behind it is served")
        try await Wait.until("beats all along") { notify.beats.count >= 8 }
        let beats = notify.beats
        for (earlier, later) in zip(beats, beats.dropFirst()) { #expect(later - earlier < .seconds(6)) }

        // The late answer of the first reading is thrown away.
        let certificate = try certificate(directory)
        try await write(certificate, to: pipe)
        try await Wait.until("the thread that hung to go") { daemon.threads <= 3 }
        #expect(try await daemon.result("status")["generation"]?.integer == 2)

        // The same file, this time with somebody who answers.
        try directory.write("config.json", Self.configuration(authorities: pipe))
        async let healed = daemon.result("reload")
        try await write(certificate, to: pipe)
        #expect(try await healed["added"]?.elements.first?.string == "page")
        #expect(try await daemon.get("/metrics").sample("vitald_config_last_reload_successful") == 1)
        try await daemon.stop()
    }

    @Test("a start that hangs ends with a sentence and a code that lets systemd try again")
    func hangingStart() async throws {
        let notify = try NotifySocket()
        let directory = try TestDirectory()
        let pipe = directory.path + "/ca.pem"
        try #require(mkfifo(pipe, 0o600) == 0)
        let daemon = try ShippedDaemon(
            Self.configuration(authorities: pipe), environment: ["NOTIFY_SOCKET": notify.path], in: directory)

        try await Wait.until("the end", within: .seconds(40)) { daemon.program.hasEnded != nil }

        #expect(daemon.program.hasEnded == .code(1))
        #expect(
            daemon.log.contains(#"ca.pem\" was not read within 20s: its file system hangs."#), "\(daemon.log)"
        )
        #expect(
            notify.states.last?.hasPrefix("STATUS=Configuration not read: ") == true
                && notify.states.last?.hasSuffix("\nERRNO=110") == true, "\(notify.states)")
    }

    @Test("a pipe for a configuration and brackets without end are refused at once")
    func refusals() async throws {
        let daemon = try await ShippedDaemon(Self.configuration(authorities: nil)).serving()
        let path = daemon.directory.path + "/config.json"
        try #require(unlink(path) == 0 && mkfifo(path, 0o600) == 0)
        let refused = try await daemon.call("reload")
        #expect(
            refused["error"]?["data"]?["faults"]?.elements.first?.string?.hasPrefix("is a pipe, not a file.")
                == true)

        try #require(unlink(path) == 0)
        let brackets = String(repeating: "(", count: 1024)
        try daemon.directory.write(
            "config.json",
            #"{ "checks": [ { "name": "page", "type": "http", "url": "http://[::1]:1/", "expect": { "bodyMatches": "\#(brackets)" } } ] }"#
        )
        let deep = try await daemon.call("reload")
        #expect(
            deep["error"]?["data"]?["faults"]?.elements.first?.string?.contains("bodyMatches") == true)
        try await daemon.stop()
    }

    private func certificate(_ directory: TestDirectory) throws -> String {
        let file = directory.path + "/real.pem"
        let made = try Tool.run(
            [
                "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-subj", "/CN=test", "-keyout", "/dev/null", "-out", file,
            ], [UInt8]())
        try #require(made.code == 0, "\(String(decoding: made.output, as: UTF8.self))")
        return try #require(TestDirectory.read(file))
    }

    /// Writes to a pipe as soon as somebody reads it; blocks on a thread of its own until then.
    private func write(_ text: String, to pipe: String) async throws {
        try await Wait.apart { _ = try TestDirectory.write(pipe, text) }
    }
}
