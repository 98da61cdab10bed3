// SPDX-License-Identifier: Apache-2.0

import Testing
import Vitals

@testable import vitald

/// The contract of every key of every kind: whatever is written there by mistake, no secret in it is told. It goes over
/// all keys of the example, which holds every key there is, so a new kind is held to it without a line here.
@Suite("Secrets in the wrong place of the configuration")
struct CanaryTests {
    /// A configuration that a test changes.
    private indirect enum Node {
        case leaf([UInt8])
        case text(String)
        case list([Node])
        case object([(key: String, value: Node)])

        init(_ value: JSONValue) {
            switch value.kind {
            case .string: self = .text(value.string ?? "")
            case .array: self = .list(value.elements.map { Node($0) })
            case .object:
                self = .object(
                    value.members.compactMap { member in
                        let key = member.key.string ?? ""
                        return key == "//" ? nil : (key, Node(member.value))
                    })
            default: self = .leaf(Array(value.source))
            }
        }

        func write(_ w: inout JSONWriter) {
            switch self {
            case .leaf(let bytes): w.raw(bytes)
            case .text(let text): w.string(text)
            case .list(let nodes): w.array { w in for node in nodes { node.write(&w) } }
            case .object(let members):
                w.object { w in
                    for member in members {
                        w.key(member.key)
                        member.value.write(&w)
                    }
                }
            }
        }

        /// This with each of its texts in turn replaced, beside the path of the key.
        func replacing(_ replacement: String, at path: String = "") -> [(path: String, node: Node)] {
            switch self {
            case .leaf: return []
            case .text: return [(path, .text(replacement))]
            case .list(let nodes):
                return nodes.indices.flatMap { i in
                    nodes[i].replacing(replacement, at: path).map { changed in
                        var copy = nodes
                        copy[i] = changed.node
                        return (changed.path, .list(copy))
                    }
                }
            case .object(let members):
                return members.indices.flatMap { i in
                    members[i].value.replacing(replacement, at: "\(path).\(members[i].key)").map { changed in
                        var copy = members
                        copy[i].value = changed.node
                        return (changed.path, .object(copy))
                    }
                }
            }
        }

        /// This with a key more in each of its objects in turn.
        func adding(_ key: String, at path: String = "") -> [(path: String, node: Node)] {
            switch self {
            case .leaf, .text: return []
            case .list(let nodes):
                return nodes.indices.flatMap { i in
                    nodes[i].adding(key, at: path).map { changed in
                        var copy = nodes
                        copy[i] = changed.node
                        return (changed.path, .list(copy))
                    }
                }
            case .object(let members):
                let here = [(path, Node.object(members + [(key, .leaf(Array("1".utf8)))]))]
                return here
                    + members.indices.flatMap { i in
                        members[i].value.adding(key, at: "\(path).\(members[i].key)").map { changed in
                            var copy = members
                            copy[i].value = changed.node
                            return (changed.path, .object(copy))
                        }
                    }
            }
        }
    }

    private static let word = "CANARY"
    private static let environment: @Sendable (String) -> String? = {
        $0 == "SECRET" ? "\(word)/x@y z" : $0 == "WORD" ? word : nil
    }

    /// What people misplace; the last ones hide in any text that is not one of other people's languages.
    private static let misplaced = [
        "postgresql://agent:CANARY@db.example/d?password=CANARY", "https://CANARY:x@h.example/",
        "https://hooks.example.com/services/CANARY?sig=CANARY", "redis://:1/CANARY@h/0",
        "jdbc:postgresql://h/d?user=u&password=CANARY", "password=CANARY host=h",
        "host=h password=abc CANARY=x", "Authorization: Bearer CANARY",
        "-----BEGIN PRIVATE KEY-----\nCANARY\n-----END PRIVATE KEY-----\n", "${SECRET}", "x${SECRET}",
        "${CANARY!}", "user:CANARY@h", "CANARY=",
        " CANARY CANARY CANARY CANARY CANARY CANARY CANARY CANARY CANARY",
    ]
    /// Keys whose text is for people, for a server or for a search: what is no URL in them is shown as it is written.
    private static let free = [
        "description", "query", "command", "match", "regex", "bodyContains", "bodyMatches", "expectBytes",
        "labels.team", "labels.environment", "headers.Accept", "json./status", "runbook",
    ]

    private static func example() throws -> Node {
        let root = Museum.directory.split(separator: "/").dropLast(3).joined(separator: "/")
        let file = try SmallFile(
            reading: "/\(root)/config.example.json", limit: ConfigurationFile.maximumLength)
        return Node(try JSONDocument(parsing: file.bytes).root)
    }

    /// Everything that is told of a configuration: its faults, or what is printed, warned and shown of it.
    private static func told(_ node: Node) -> String {
        var writer = JSONWriter()
        node.write(&writer)
        do throws(ConfigurationRefusal) {
            let configuration = try Museum.read(writer.bytes, environment: environment)
            let checks = configuration.checks.map(\.definition)
            return
                ([EffectiveConfiguration.text(configuration.effectiveJSON)] + configuration.warnings
                + checks.flatMap { [$0.target, $0.description ?? "", $0.runbook ?? ""] })
                .joined(separator: "\n")
        } catch { return error.sentences.joined(separator: "\n") }
    }

    @Test("no key tells what was written there by mistake", arguments: misplaced)
    func values(_ text: String) throws {
        let isFree = !text.contains("://") && text != "password=CANARY host=h"
        var count = 0
        for (path, node) in try Self.example().replacing(text) {
            if isFree, path == ".name" || Self.free.contains(where: { path.hasSuffix(".\($0)") }) { continue }
            count += 1
            let told = Self.told(node)
            #expect(told.firstRange(of: Self.word) == nil, "\(path): \(told)")
        }
        #expect(count > 60)
    }

    @Test(
        "a key that is a secret is not told either",
        arguments: [
            "Authorization: Bearer CANARY", "https://u:CANARY@h", "password=CANARY", "u:CANARY",
            "CANARY CANARY",
        ])
    func keys(_ key: String) throws {
        for (path, node) in try Self.example().adding(key) where !path.hasSuffix(".json") {
            let told = Self.told(node)
            #expect(told.firstRange(of: Self.word) == nil, "\(path): \(told)")
        }
        let twice = Museum.sentences("{\"\(key)\": 1, \"\(key)\": 2}").joined()
        #expect(!twice.isEmpty && twice.firstRange(of: Self.word) == nil, "\(twice)")
    }

    @Test("a name that is refused is not told by what refers to it either")
    func references() {
        for name in ["redis://:CANARY@h", "CANARY CANARY", "${SECRET}"] {
            let text = #"""
                {"journal": {"enabled": false}, "checks": [
                  {"name": "NAME", "type": "memory", "dependsOn": ["NAME"]},
                  {"name": "a", "type": "memory", "dependsOn": ["b"]},
                  {"name": "b", "type": "memory", "dependsOn": ["NAME", "a"]},
                  {"name": "NAME", "type": "journal", "unit": "x.service", "pattern": "NAME"}]}
                """#.replacing("NAME", with: name)
            let sentences = Museum.sentences(text).joined(separator: "\n")

            #expect(sentences.contains("depends on itself") || name == "${SECRET}")
            #expect(sentences.contains("is circular: a -> b -> a"))
            #expect(sentences.contains("reads the journal"))
            #expect(!sentences.contains(Self.word), "\(sentences)")
        }
    }

    @Test(
        "a file's key that holds the secret itself does not tell it",
        arguments: ["CANARY", "/CANARY", "/no/CANARY"])
    func files(_ text: String) throws {
        let keys = ["passwordFile", "caFile", "certFile", "keyFile", "Authorization"]
        let node = Node(
            try JSONDocument(
                parsing: Array(
                    #"""
                    {"http": {"tls": {"certFile": "", "keyFile": "", "clientCAFile": ""},
                              "auth": {"usersFile": "", "bearerTokenFiles": [""]}},
                     "checks": [
                      {"name": "a", "type": "redis", "url": "redis://h", "passwordFile": ""},
                      {"name": "b", "type": "http", "url": "https://h/", "headerFiles": {"Authorization": ""},
                       "tls": {"caFile": "", "certFile": "", "keyFile": ""}},
                      {"name": "c", "type": "postgres", "url": "host=h sslrootcert=CANARY"},
                      {"name": "d", "type": "redis", "url": "redis://h", "passwordCredential": ""},
                      {"name": "e", "type": "filesystem", "path": "x"}]}
                    """#.utf8)
            ).root)
        for (path, node) in node.replacing(text)
        where path.hasSuffix("File") || keys.contains(where: { path.hasSuffix(".\($0)") })
            || path.hasSuffix("Credential") || path.hasSuffix("Files")
        {
            let told = Self.told(node)
            #expect(told.firstRange(of: Self.word) == nil, "\(path): \(told)")
        }
        let expanded = Museum.sentences(
            #"{"checks": [{"name": "a", "type": "redis", "url": "redis://h", "passwordFile": "${PGPASSWORD}"}]}"#
        )
        #expect(expanded.count == 1 && expanded[0].firstRange(of: Self.word) == nil, "\(expanded)")
    }

    @Test("a word from the environment is not quoted in an error, though it looks harmless")
    func expandedWords() throws {
        for (path, node) in try Self.example().replacing("${WORD}") {
            let told = Self.told(node)
            guard told.hasPrefix("line ") else { continue }
            #expect(told.firstRange(of: Self.word) == nil, "\(path): \(told)")
        }
    }
}
