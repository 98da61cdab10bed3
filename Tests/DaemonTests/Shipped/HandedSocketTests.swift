// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing
import Vitals

@Suite("Sockets that the service manager opened")
struct HandedSocketTests {
    private static let quiet = #"{ "host": { "enabled": false }, "checks": [] }"#

    /// A daemon that is handed these sockets: names and places, with DIRECTORY for its directory; or is promised more.
    private static func start(
        _ sockets: [String], _ configuration: String = quiet, waiting: Int = 0, promised: Int = 0
    ) throws -> ShippedDaemon {
        let directory = try TestDirectory()
        mkdir(directory.path + "/run", 0o755)
        let places = sockets.map { $0.replacing("DIRECTORY", with: directory.path) }
        return try ShippedDaemon(
            configuration, arguments: [],
            prefix: [
                Repository.path("Tests/Survival/hand_over"), "--waiting=\(waiting)", "--promised=\(promised)",
            ] + places + ["--"], in: directory)
    }

    @Test("it serves them, opens nothing of its own, and leaves their paths in place when it ends")
    func serves() async throws {
        let daemon = try await Self.start([
            "rpc=DIRECTORY/run/vitald.sock", "http=DIRECTORY/run/http.sock", "http=127.0.0.1:0",
        ]).serving()
        let port = try daemon.port()

        #expect(try await daemon.result("ping").members.isEmpty == false)
        #expect(try await daemon.get("/livez").status == 200)
        let page = try await Wait.apart { try Wire.get(.port(port), "/readyz") }
        #expect(page.status == 200)
        let said = try #require(daemon.logged("started").first)
        #expect(!said.contains("9847"), "\(said)")
        #expect(
            TestDirectory.names(in: daemon.directory.path + "/run")?.sorted() == ["http.sock", "vitald.sock"])
        try await daemon.stop()
        #expect(access(daemon.socket, F_OK) == 0, "the path is the manager's")
        #expect(access(daemon.directory.path + "/run/http.sock", F_OK) == 0)
    }

    @Test(
        "what was not handed over it opens itself: the pages' socket beside the other, and the usual addresses"
    )
    func completes() async throws {
        let daemon = try await Self.start(
            ["rpc=DIRECTORY/run/vitald.sock"], #"{ "http": { "listen": ["127.0.0.1:0"] }, "checks": [] }"#
        ).serving()
        let port = try daemon.port()

        #expect(try await daemon.get("/livez").status == 200)
        let page = try await Wait.apart { try Wire.get(.port(port), "/livez") }
        #expect(page.status == 200)
        try await daemon.stop()
        #expect(access(daemon.socket, F_OK) == 0)
        #expect(access(daemon.directory.path + "/run/http.sock", F_OK) != 0, "its own socket goes with it")
    }

    @Test("without a name of ours a socket is taken for what it looks like")
    func nameless() async throws {
        let daemon = try await Self.start([
            "vitald.socket=DIRECTORY/run/vitald.sock", "vitald.socket=DIRECTORY/run/http.sock",
            "=127.0.0.1:0",
        ]).serving()

        #expect(try await daemon.result("ping").members.isEmpty == false)
        #expect(try await daemon.get("/livez").status == 200)
        #expect(try daemon.port() > 0)
        try await daemon.stop()
    }

    @Test(
        "what is no listening socket, or an IP address for the protocol that asks who one is, is told and let go"
    )
    func useless() async throws {
        let daemon = try await Self.start(
            ["rpc=file", "rpc=127.0.0.1:0"], #"{ "http": { "listen": [] }, "checks": [] }"#
        ).serving()

        let told = daemon.logged("listener").joined(separator: "\n")
        #expect(
            told.contains(#"descriptor 3 (\"rpc\") of LISTEN_FDS: it is not a listening stream socket."#),
            "\(told)")
        #expect(told.contains(#"descriptor 4 (\"rpc\") of LISTEN_FDS: it is an IP address"#), "\(told)")
        #expect(try await daemon.result("ping").members.isEmpty == false)
        try await daemon.stop()
    }

    @Test("an address that is open to other machines is refused, whoever opened it")
    func open() async throws {
        let daemon = try Self.start(["http=0.0.0.0:0"])

        #expect(try await daemon.program.end() == .code(78))
        #expect(daemon.log.contains("handed over by the service manager: "), "\(daemon.log)")
    }

    @Test(
        "an address that the manager's socket stands in the way of is told with its remedy, and not tried for ever"
    )
    func conflict() async throws {
        // Free again as soon as it is known.
        let port = try SilentServer().port
        let daemon = try Self.start(
            ["http=127.0.0.1:\(port)"],
            #"{ "http": { "listen": ["0.0.0.0:\#(port)"], "allowInsecure": true }, "checks": [] }"#)

        #expect(try await daemon.program.end() == .code(78))
        #expect(
            daemon.log.contains(
                "0.0.0.0:\(port): the service manager holds 127.0.0.1:\(port). Run systemctl edit "
                    + "vitald-http.socket and write ListenStream=, ListenStream=0.0.0.0:\(port), a line each"),
            "\(daemon.log)")
    }

    @Test("an address that another program holds is tried again, whatever the manager holds beside it")
    func otherProgram() async throws {
        let other = try SilentServer()
        // The same port at another address, which stands in nobody's way.
        let daemon = try Self.start(
            ["http=127.0.0.2:\(other.port)"],
            #"{ "http": { "listen": ["127.0.0.1:\#(other.port)"] }, "checks": [] }"#)

        #expect(try await daemon.program.end() == .code(1))
        #expect(daemon.log.contains("another program serves there"), "\(daemon.log)")
    }

    @Test(
        "what was handed over and is of no use is told also where the start comes to nothing, and sends away who waits"
    )
    func uselessAtAnEnd() async throws {
        let daemon = try Self.start(["rpc=127.0.0.1:0"], #"{ "checks": "none" }"#, waiting: 2)

        #expect(try await daemon.program.end() == .code(78))
        #expect(daemon.log.contains("of LISTEN_FDS: it is an IP address"), "\(daemon.log)")
        #expect(daemon.directory.read("log").contains("2 of 2 who waited were sent away"), "\(daemon.log)")
    }

    @Test("an address of the manager's that the configuration does not name is served and told")
    func explicit() async throws {
        let daemon = try await Self.start(
            ["http=127.0.0.1:0"], #"{ "http": { "listen": [] }, "checks": [] }"#
        )
        .serving()
        let port = try daemon.port()

        let told = daemon.logged("listener").joined(separator: "\n")
        #expect(told.contains("http.listen does not name 127.0.0.1:\(port)"), "\(told)")
        #expect(told.contains("systemctl edit vitald-http.socket"), "\(told)")
        let page = try await Wait.apart { try Wire.get(.port(port), "/livez") }
        #expect(page.status == 200)
        try await daemon.stop()
    }

    @Test("port 0 of the configuration is met by the manager's socket of the same address")
    func anyPort() async throws {
        let daemon = try await Self.start(
            ["http=127.0.0.1:0"], #"{ "http": { "listen": ["127.0.0.1:0"] }, "checks": [] }"#
        ).serving()

        #expect(!daemon.logged("listener").contains { $0.contains("http.listen") })
        let said = try #require(daemon.logged("started").first)
        #expect(said.split(separator: "127.0.0.1:").count == 2, "\(said)")
        try await daemon.stop()
    }

    @Test(
        "a number that was promised and never opened is told, and no descriptor of vitald's own is taken for it"
    )
    func promises() async throws {
        let daemon = try await Self.start(["rpc=DIRECTORY/run/vitald.sock"], promised: 3).serving()

        let told = daemon.logged("listener").joined(separator: "\n")
        for descriptor in [4, 5] {
            #expect(told.contains("descriptor \(descriptor) of LISTEN_FDS: it is not open."), "\(told)")
        }
        #expect(try await daemon.result("ping").members.isEmpty == false)
        #expect(try await daemon.get("/livez").status == 200)
        try await daemon.stop()
    }

    @Test(
        "a start that comes to nothing sends away who waits, or it would be started for them again and again")
    func sendsAway() async throws {
        let daemon = try Self.start(
            ["rpc=DIRECTORY/run/vitald.sock"], #"{ "checks": "none" }"#, waiting: 3)

        #expect(try await daemon.program.end() == .code(78))
        #expect(daemon.directory.read("log").contains("3 of 3 who waited were sent away"), "\(daemon.log)")
    }

    @Test("while it is killed again and again nobody is refused, and a subscriber takes up its place")
    func survives() async throws {
        let (ending, output, errors) = try await Wait.apart {
            try Program.output([
                Repository.path("Tests/Survival/run"), "--binary", ShippedDaemon.binary, "--kills", "200",
                "--restarts", "20",
            ])
        }

        #expect(ending == .code(0), "\(output)\(errors)")
    }
}

extension String {
    fileprivate func replacing(_ word: String, with other: String) -> String {
        guard let range = firstRange(of: word) else { return self }
        return String(self[..<range.lowerBound]) + other + String(self[range.upperBound...])
    }
}
