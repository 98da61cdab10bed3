// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing
import Vitals

@testable import vitald

@Suite("Files of the configuration and of secrets")
struct SecretFileTests {
    /// A directory that is removed with all that the test put into it.
    private final class Scratch {
        let path: String

        init() throws {
            var template = Array("/tmp/vitald-config-XXXXXX".utf8CString)
            try #require(mkdtemp(&template) != nil)
            path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }

        func file(_ name: String, _ bytes: [UInt8], mode: UInt32 = 0o600) throws -> String {
            let path = "\(path)/\(name)"
            let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
            try #require(descriptor >= 0)
            defer { close(descriptor) }
            try #require(bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) } == bytes.count)
            try #require(fchmod(descriptor, mode) == 0)
            return path
        }

        deinit {
            for name in ["a", "b", "c"] { unlink("\(path)/\(name)") }
            rmdir(path)
        }
    }

    private func fault(_ path: String, uid: UInt32 = geteuid()) -> String? {
        guard case .failure(let fault) = SecretFile.read(path, uid: uid) else { return nil }
        return fault.fact + ". " + fault.remedy
    }

    @Test("a secret is what the file holds, without the line end of an editor")
    func reads() throws {
        let scratch = try Scratch()
        for (text, secret) in [
            ("pw\n", "pw"), ("pw\r\n", "pw"), ("pw", "pw"), (" p w \n\n", " p w \n"), ("é", "é"),
        ] {
            let path = try scratch.file("a", Array(text.utf8))
            #expect((try? SecretFile.read(path, uid: geteuid()).get()) == secret)
        }
        let grouped = try scratch.file("b", [0x61], mode: 0o640)
        #expect((try? SecretFile.read(grouped, uid: geteuid()).get()) == "a")
    }

    @Test("a file that others may read or its group may change is refused, with the command that mends it")
    func modes() throws {
        let scratch = try Scratch()
        for (mode, word) in [(0o644, "0644"), (0o604, "0604"), (0o602, "0602"), (0o666, "0666")]
            as [(UInt32, String)]
        {
            let path = try scratch.file("a", [0x61], mode: mode)
            #expect(fault(path) == "\"\(path)\" is open to everybody (mode \(word)). chmod 0600 \(path)")
        }
        let path = try scratch.file("a", [0x61], mode: 0o660)
        #expect(fault(path) == "\"\(path)\" can be changed by its group (mode 0660). chmod 0600 \(path)")
    }

    @Test("a file of somebody else is refused")
    func owners() throws {
        let scratch = try Scratch()
        let path = try scratch.file("a", [0x61])
        let isRoot = geteuid() == 0
        if isRoot { try #require(chown(path, 4242, 4242) == 0) }

        let sentence = fault(path, uid: geteuid() &+ 1)

        let owner = isRoot ? 4242 : geteuid()
        #expect(sentence?.hasPrefix("\"\(path)\" belongs to uid \(owner), who can change it. ") == true)
    }

    @Test("what is missing, empty, too large, no text or no file is refused with the reason")
    func contents() throws {
        let scratch = try Scratch()
        #expect(
            fault("\(scratch.path)/none")
                == "\"\(scratch.path)/none\" does not exist. Create it with mode 0600.")
        #expect(fault(scratch.path) == "\"\(scratch.path)\" is a directory. Name a regular file.")
        #expect(fault("/dev/null") == "\"/dev/null\" is a device. Name a regular file.")
        let empty = try scratch.file("a", [0x0A])
        #expect(fault(empty) == "\"\(empty)\" is empty. Write the secret into it.")
        let binary = try scratch.file("a", [0x61, 0, 0x62])
        #expect(
            fault(binary)?.hasSuffix("is not text in UTF-8 without NUL. Write the secret as text.") == true)
        let latin = try scratch.file("a", [0xE9])
        #expect(fault(latin) != nil)
        let largest = try scratch.file("b", [UInt8](repeating: 0x61, count: 65_536))
        #expect(fault(largest) == nil)
        let larger = try scratch.file("b", [UInt8](repeating: 0x61, count: 65_537))
        #expect(fault(larger)?.firstRange(of: "is larger than 64 KiB") != nil)
    }

    @Test("a named configuration must be there, the usual one need not")
    func configurationFiles() throws {
        let scratch = try Scratch()
        let none = "\(scratch.path)/none.json"
        let usual = try ConfigurationFile.load(.usual(none))
        #expect(usual == nil)
        let fault = try #require(throws: ConfigurationFault.self) { try ConfigurationFile.load(.named(none)) }
        #expect(fault.fact == "the file does not exist")
        let pipe = "\(scratch.path)/c"
        try #require(mkfifo(pipe, 0o600) == 0)
        let hanging = try #require(throws: ConfigurationFault.self) {
            try ConfigurationFile.load(.named(pipe))
        }
        #expect(hanging.description == "is a pipe, not a file. Name a regular file.")
        let folder = try #require(throws: ConfigurationFault.self) {
            try ConfigurationFile.load(.usual(scratch.path))
        }
        #expect(folder.fact == "is a directory, not a file")
        let open = try scratch.file("a", Array("{}".utf8), mode: 0o666)
        #expect(try ConfigurationFile.load(.named(open)) == Array("{}".utf8))
        let huge = try scratch.file("b", [UInt8](repeating: 0x20, count: ConfigurationFile.maximumLength + 1))
        let large = try #require(throws: ConfigurationFault.self) { try ConfigurationFile.load(.named(huge)) }
        #expect(large.fact == "is larger than 4 MiB")
    }

    @Test("the whole way: file, environment and secret to a configuration")
    func load() throws {
        let scratch = try Scratch()
        let password = try scratch.file("a", Array("CANARY\n".utf8))
        let file = try scratch.file(
            "b",
            Array(
                #"{"name":"${N}","checks":[{"name":"d","type":"postgres","url":"postgresql://u@h/d","passwordFile":"\#(password)"}]}"#
                    .utf8))
        var options = DaemonOptions()
        options.configuration = .named(file)
        options.socketPath = "/tmp/x.sock"

        let configuration = try Configuration.load(
            options, kinds: DaemonCatalog.kinds, environment: { ["N": "agent"][$0] })

        #expect(configuration.name == "agent")
        #expect(configuration.socket.path == "/tmp/x.sock")
        #expect(configuration.checks.map(\.definition.name) == ["d"])
    }
}
