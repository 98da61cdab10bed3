// SPDX-License-Identifier: Apache-2.0

import Testing

@Suite("The JSON Schema of the configuration")
struct SchemaTests {
    /// Bad configurations that an editor cannot recognise, because what is wrong depends on other values, on the
    /// machine, or on the meaning of a text.
    private static let onlyTheDaemonRefuses = [
        "check-runbook-token", "check-same-name", "defaults-interval", "defaults-timeout", "depends-circle",
        "depends-self",
        "depends-unknown", "environment-unset", "http-auth-only-a-remark", "http-auth-open-files",
        "http-auth-token-missing", "http-auth-users-file-not-bcrypt", "http-tls-open-key", "interval-long",
        "interval-short", "kind-filesystem-order", "kind-heartbeat-ttl", "kind-http-back-reference",
        "kind-http-latency",
        "kind-http-pattern-bomb", "kind-http-pattern-perl",
        "journal-empty-units", "journal-no-units", "journal-off-with-check", "journal-pattern-bomb",
        "journal-pattern-perl", "journal-pattern-regex",
        "journal-pattern-twice", "kind-journal-back-reference", "kind-journal-order",
        "kind-journal-silence-order", "kind-journal-unknown-pattern", "kind-http-tls-without-https",
        "kind-memory-order", "kind-postgres-files", "kind-postgres-keywords", "kind-postgres-lag",
        "kind-postgres-port", "kind-postgres-slash-in-password", "kind-postgres-two-passwords",
        "kind-postgres-url", "kind-postgres-values", "kind-redis-database", "kind-redis-user-and-host",
        "listen-bad-port", "listen-covers",
        "listen-login-without-tls", "listen-open", "listen-tls-without-login", "nul-in-text",
        "password-file-missing", "password-file-open", "password-no-credentials", "socket-taken-name",
        "timeout-longer-than-default", "timeout-not-shorter",
    ]

    private static let script = #"""
        import json, os, sys
        from jsonschema import Draft202012Validator
        root = sys.argv[2]
        schema = json.load(open(root + "/packaging/config.schema.json"))
        Draft202012Validator.check_schema(schema)
        validator = Draft202012Validator(schema)
        def refused(path):
            try:
                return not validator.is_valid(json.load(open(path)))
            except ValueError:
                return True
        for room in "good", "bad":
            directory = root + "/Tests/Fixtures/config/" + room
            for name in sorted(os.listdir(directory)):
                if name.endswith(".json") and refused(directory + "/" + name) != (room == "bad"):
                    print(room, name[:-5])
        if refused(root + "/config.example.json"):
            print("good config.example")
        def keys(node):
            if isinstance(node, dict):
                for name, inner in node.get("properties", {}).items():
                    if name != "//":
                        yield name
                    yield from keys(inner)
                for name, inner in node.items():
                    if name != "properties":
                        yield from keys(inner)
            elif isinstance(node, list):
                for inner in node:
                    yield from keys(inner)
        example = open(root + "/config.example.json").read()
        for key in sorted(set(keys(schema))):
            if key not in example:
                print("unexplained", key)
        """#

    @Test(
        "it accepts what the daemon accepts, refuses what an editor can see, and knows no key without a remark"
    )
    func agrees() throws {
        let root = "/" + #filePath.split(separator: "/").dropLast(4).joined(separator: "/")

        let result = try PythonScript.run(SchemaTests.script, input: [], [root])

        #expect(result.status == 0, "\(result.output)")
        let expected = SchemaTests.onlyTheDaemonRefuses.sorted().map { "bad \($0)\n" }.joined()
        #expect(result.output == expected)
    }
}
