// SPDX-License-Identifier: Apache-2.0

import Glibc
import Publishing
import TestSupport
import Testing
import Vitals

@testable import vitald

@Suite("Who may ask over TCP, as the configuration says it")
struct AccessPlanTests {
    private static let certificates = Result {
        let made = try Certificates()
        try made.sign("server", for: "DNS:localhost")
        try made.sign("other", for: "DNS:localhost")
        return made
    }
    private static let hash = "$2b$04$S306TbzKkmXCIeSJcKQl5eKoMpswNyU0sX6zVTjj53bWLsGsd.e4y"

    /// Reads `http` with the real files of this machine.
    private func read(
        _ http: String, flags: [ListenAddress] = [], hostNames: [String] = ["db1"]
    ) throws(ConfigurationRefusal) -> Configuration {
        try ConfigurationReader(
            kinds: DaemonCatalog.kinds,
            surroundings: .process(environment: { _ in nil }, place: ReadingPlace()),
            overrides: ConfigurationReader.Overrides(http: flags), hostNames: hostNames
        ).read(Array(#"{"http":\#(http),"checks":[]}"#.utf8))
    }

    private func tls(_ more: String = "", certificate: String = "server", key: String = "server") throws
        -> String
    {
        let made = try Self.certificates.get()
        return
            #""tls":{"certFile":"\#(made.path(certificate + ".crt"))","keyFile":"\#(made.path(key + ".key"))"\#(more)}"#
    }

    private func sentence(_ http: String, flags: [ListenAddress] = []) -> String {
        do throws(ConfigurationRefusal) {
            _ = try read(http, flags: flags)
            return ""
        } catch {
            return error.sentences.joined(separator: "\n")
        }
    }

    private let auth = #""auth":{"users":{"ann":"\#(hash)"}}"#

    @Test(
        "an address that others reach is served with TLS and a login or client certificates, and not otherwise"
    )
    func policy() throws {
        let open = #""listen":["0.0.0.0:1"]"#
        let authority = try #","clientCAFile":"\#(Self.certificates.get().path("ca.crt"))""#

        for good in [
            "{\(open),\(try tls()),\(auth)}", "{\(open),\(try tls(authority))}", "{\(try tls())}",
            "{\(auth)}", "{}",
            #"{\#(open),"allowInsecure":true}"#,
        ] {
            #expect(sentence(good) == "", "\(good)")
        }
        for bad in ["{\(open)}", "{\(open),\(try tls())}", "{\(open),\(auth)}"] {
            let said = sentence(bad)
            #expect(said.hasPrefix("line 1: http.listen: 0.0.0.0:1 is open to other machines"), "\(said)")
        }
    }

    @Test("the flag goes through the same policy, and what is waived is warned of")
    func flags() throws {
        let address = [try ListenAddress(parsing: "[2001:db8::7]:1")]

        #expect(
            sentence("{}", flags: address).hasPrefix(
                "--http: [2001:db8::7]:1 is open to other machines, without TLS"))
        #expect(sentence("{\(auth)}", flags: address).contains("passwords and tokens can be read on the way"))
        #expect(sentence("{\(try tls()),\(auth)}", flags: address) == "")
        let waived = try read(#"{"allowInsecure":true}"#, flags: address)
        #expect(
            waived.warnings == [
                "http.allowInsecure: [2001:db8::7]:1 is open to other machines, without TLS and without a login."
            ])
        #expect(try read("{\(tls()),\(auth),\"allowInsecure\":true}", flags: address).warnings == [])
    }

    @Test("files that do not fit together are named")
    func files() throws {
        let made = try Self.certificates.get()

        let pair = sentence("{\(try tls(key: "other"))}")
        #expect(
            pair.hasSuffix(
                "other.key\" is not the key of \"\(made.path("server.crt"))\". Name the key that the certificate was made for."
            ))
        let swapped = sentence(
            #"{"tls":{"certFile":"\#(made.path("server.key"))","keyFile":"\#(made.path("server.key"))"}}"#)
        #expect(
            swapped.contains("http.tls.certFile: \"\(made.path("server.key"))\" holds no PEM certificate"))
        let noKey = sentence(
            #"{"tls":{"certFile":"\#(made.path("server.crt"))","keyFile":"\#(made.path("ca.ext"))"}}"#)
        #expect(noKey.contains("http.tls.keyFile: \"\(made.path("ca.ext"))\" does not exist"))
    }

    @Test("what is wrong with a certificate or a key is told by its cause, with the remedy that fits")
    func causes() throws {
        let made = try Certificates()
        try made.sign("server", for: "DNS:localhost")
        try made.shell(
            """
            cat ca.crt server.crt > turned.crt
            openssl ec -in server.key -aes128 -passout pass:x -out locked.key
            openssl ecparam -name secp256k1 -genkey -noout -out k1.key
            cp server.crt none.key
            chmod 600 *.key
            """)
        func told(_ certificate: String, _ key: String, _ more: String = "") -> String {
            sentence(
                #"{"tls":{"certFile":"\#(made.path(certificate))","keyFile":"\#(made.path(key))"\#(more)}}"#)
        }
        let leaf = #","clientCAFile":"\#(made.path("server.crt"))""#

        #expect(told("server.crt", "server.key") == "")
        #expect(
            told("turned.crt", "server.key").hasSuffix(
                "http.tls.certFile: \"\(made.path("turned.crt"))\" begins with another certificate than that of "
                    + "\"\(made.path("server.key"))\". Put the server's own certificate first, and the "
                    + "intermediates behind it."))
        #expect(told("server.crt", "locked.key").contains("has a passphrase"))
        #expect(told("server.crt", "k1.key").contains("of a kind that TLS does not take here"))
        #expect(told("server.crt", "none.key").contains("holds no PEM key"))
        #expect(
            told("server.crt", "server.key", leaf).contains(
                "http.tls.clientCAFile: \"\(made.path("server.crt"))\" holds no authority"))
    }

    @Test("who could change whom we believe is refused: an authority's file that others may write")
    func trusted() throws {
        let directory = try TestDirectory()
        let file = try directory.write(
            "ca.crt", try #require(TestDirectory.read(Self.certificates.get().path("ca.crt"))))
        let http = try "{\(tls(#","clientCAFile":"\#(file)""#))}"
        try #require(chmod(file, 0o644) == 0)
        #expect(sentence(http) == "")

        try #require(chmod(file, 0o664) == 0)
        #expect(
            sentence(http).contains(
                "http.tls.clientCAFile: \"\(file)\" can be changed by others (mode 0664). chmod 0644"))
    }

    @Test("a file of users is read as htpasswd writes it; what is wrong in it is told with its line")
    func users() throws {
        let directory = try TestDirectory()
        let file = directory.path + "/users"
        func read(_ text: String) throws -> Set<String> {
            try directory.write("users", text)
            let configuration = try self.read(
                #"{"auth":{"users":{"ann":"\#(Self.hash)"},"usersFile":"\#(file)"}}"#)
            return Set(configuration.http.access.logins.users.keys)
        }
        func fault(_ text: String) throws -> String {
            try directory.write("users", text)
            return sentence(#"{"auth":{"users":{"ann":"\#(Self.hash)"},"usersFile":"\#(file)"}}"#)
        }

        #expect(
            try read("# ours\n\nbob:\(Self.hash)\r\n  # theirs\ncarl é:\(Self.hash)\n") == [
                "ann", "bob", "carl é",
            ])
        #expect(
            try fault("bob:\(Self.hash)\nbob:\(Self.hash)").contains(
                "line 2 of \"\(file)\": the user is listed twice"))
        #expect(try fault("ann:\(Self.hash)").contains("line 1 of \"\(file)\": the user is listed twice"))
        #expect(try fault("bob").contains("line 1 of \"\(file)\": is not name:hash"))
        #expect(try fault("\nbob:CANARY").contains("line 2 of \"\(file)\": holds no bcrypt hash"))
        #expect(try !fault("\nbob:CANARY").contains("CANARY"))
        #expect(try fault(":\(Self.hash)").contains("the name is not a valid user name"))
        #expect(try fault("#\n#").isEmpty, "there is another user")
        let alone = #"{"auth":{"usersFile":"\#(file)"}}"#
        #expect(
            sentence(alone)
                == "line 1: http.auth.usersFile: lists no user. Add a user, or remove it.")
    }

    @Test("a token file holds one word")
    func tokens() throws {
        let directory = try TestDirectory()
        let file = try directory.write("token", "abc def\n")
        let http = #"{"auth":{"bearerTokenFiles":["\#(file)"]}}"#

        #expect(sentence(http).contains("holds more than one word of plain characters"))
        try directory.write("token", "\n")
        #expect(sentence(http).contains("http.auth.bearerTokenFiles: \"\(file)\" is empty"))
        try directory.write("token", "abc.def\n")
        #expect(try read(http).http.access.logins.tokens == [Secret("abc.def")])
    }

    @Test(
        "without TLS and logins a Host must be this machine's, with them it need not unless names are given")
    func hosts() throws {
        let own = HostList(["localhost", "db1"])

        #expect(try read("{}").http.access.hosts == own)
        #expect(
            try read(#"{"allowedHosts":["a.example"]}"#).http.access.hosts
                == HostList(["localhost", "db1", "a.example"]))
        #expect(try read("{\(auth)}").http.access.hosts == .any)
        #expect(try read("{\(tls())}").http.access.hosts == .any)
        #expect(
            try read("{\(auth),\"allowedHosts\":[\"a.example\"]}").http.access.hosts
                == HostList(["localhost", "db1", "a.example"]))
        #expect(HostName.own().first?.isEmpty == false)
    }

    @Test("hashes are not shown, and what is shown is a configuration again")
    func masked() throws {
        let configuration = try read("{\(auth)}")
        let printed = EffectiveConfiguration.text(configuration.effectiveJSON)

        #expect(printed.contains(#""ann": "$2b$04$....................................................."#))
        #expect(!printed.contains("S306Tbz"))
        #expect(try Museum.read(printed).http.access.logins.users.count == 1)
    }

    @Test("files are looked at again: nothing new, renewed, unusable, and read once for each change")
    func looks() throws {
        let directory = try TestDirectory()
        let file = try directory.write("token", "first")
        let surroundings = ConfigurationSurroundings.process(environment: { _ in nil }, place: ReadingPlace())
        var plan = try read(#"{"auth":{"bearerTokenFiles":["\#(file)"]}}"#).http.plan

        guard case .same = plan.look(surroundings) else {
            Issue.record("not the same")
            return
        }
        try directory.write("next", "second")
        try #require(rename(directory.path + "/next", file) == 0)
        guard case .renewed(let access, let stamps) = plan.look(surroundings) else {
            Issue.record("not renewed")
            return
        }
        #expect(access.logins.tokens == [Secret("second")])
        plan.stamps = stamps
        try #require(unlink(file) == 0)
        guard case .unusable(let refusal, let gone) = plan.look(surroundings) else {
            Issue.record("not unusable")
            return
        }
        #expect(refusal.faults.map(\.path) == ["http.auth.bearerTokenFiles"])
        plan.stamps = gone
        guard case .same = plan.look(surroundings) else {
            Issue.record("told twice")
            return
        }
    }
}
