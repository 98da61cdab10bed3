// SPDX-License-Identifier: Apache-2.0

import Testing
import Vitals

@Suite("Reading one object of the configuration")
struct ConfigurationObjectTests {
    private enum Colour: String, CaseIterable { case red, green }

    private func read(
        _ text: String, surroundings: ConfigurationSurroundings = .none,
        _ body: (inout ConfigurationObject) -> Void
    ) throws -> (reading: ConfigurationReading, effective: String, digest: Int) {
        let reading = ConfigurationReading(surroundings: surroundings)
        var object = ConfigurationObject(
            try JSONDocument(parsing: Array(text.utf8)).root, path: "checks[0]", reading: reading)
        body(&object)
        object.finish()
        return (reading, String(decoding: object.effectiveJSON, as: UTF8.self), object.hiddenDigest)
    }

    @Test("every reader gives its default where nothing stands, and shows it")
    func defaults() throws {
        let result = try read("{}") { object in
            #expect(object.string("a", default: "x") == "x")
            #expect(object.optionalString("b") == nil)
            #expect(object.boolean("c", default: true) == true)
            #expect(object.integer("d", default: 3, in: 1...5) == 3)
            #expect(object.percent("e", default: 12.5) == 12.5)
            #expect(object.optionalPercent("f") == nil)
            #expect(
                object.duration("g", default: .seconds(90), in: .zero...Duration.seconds(100)) == .seconds(90)
            )
            #expect(object.size("h", default: ByteCount(1024)) == ByteCount(1024))
            #expect(object.choice("i", default: Colour.green) == .green)
            #expect(object.strings("j", default: ["*"]) == ["*"])
            #expect(object.namedStrings("k").count == 0)
            #expect(object.object("l") { $0.boolean("m", default: false) } == false)
            #expect(object.objects("n") { _ in 1 } == [])
            #expect(object.secret("o", "p") == nil)
        }
        #expect(result.reading.faults.isEmpty)
        #expect(result.digest == 0)
        #expect(
            result.effective
                == #"{"a":"x","c":true,"d":3,"e":12.5,"g":"90s","h":"1KiB","i":"green","j":["*"],"k":{},"l":{"m":false},"n":[]}"#
        )
    }

    @Test("every reader records a value of a wrong kind at its line, and goes on")
    func wrongKinds() throws {
        let text = """
            {"a": 1,
            "c": "true",
            "d": 1.5,
            "e": "85%",
            "g": 10,
            "h": 64,
            "i": "blue",
            "j": "x",
            "l": [],
            "n": {},
            "o": "x"}
            """
        let result = try read(text) { object in
            _ = object.string("a", default: "")
            _ = object.boolean("c", default: true)
            _ = object.integer("d", default: 3, in: 1...5)
            _ = object.percent("e", default: 1)
            _ = object.duration("g", default: .zero, in: .zero...Duration.seconds(100))
            _ = object.size("h", default: ByteCount(1))
            _ = object.choice("i", default: Colour.green)
            _ = object.strings("j", default: [])
            _ = object.object("l") { $0.requiredString("never", example: "said") }
            _ = object.objects("n") { _ in 1 }
            #expect(object.namedStrings("o").isEmpty)
        }
        #expect(
            result.reading.faults.map(\.description) == [
                "line 1: checks[0].a: is a number, not a string. Write a string.",
                "line 2: checks[0].c: is a string, not true or false. Write true or false.",
                "line 3: checks[0].d: 1.5 is not a whole number from 1 to 5. Write a whole number from 1 to 5.",
                "line 4: checks[0].e: is a string, not a number from 0 to 100. Write a number from 0 to 100.",
                "line 5: checks[0].g: 10 has no unit. Write a string with its unit, for example \"10s\".",
                "line 6: checks[0].h: 64 is not a size. "
                    + "Write a string with its unit: B, KiB, MiB, GiB, kB, MB or GB, for example \"64MiB\".",
                "line 7: checks[0].i: \"blue\" is not known. Write one of \"red\", \"green\".",
                "line 8: checks[0].j: is a string, not a list of strings. "
                    + "Write a list of strings, for example [\"x\"].",
                "line 9: checks[0].l: is a list, not an object. Write { … } here.",
                "line 10: checks[0].n: is an object, not a list of objects. Write a list of objects.",
                "line 11: checks[0].o: is a string, not an object of strings. Write an object of strings.",
            ])
    }

    @Test("numbers and durations keep to their ranges, at both ends")
    func ranges() throws {
        let result = try read(
            #"{"a":1,"b":5,"c":0,"d":6,"e":"1s","f":"2s","g":"999ms","h":"2001ms","i":0,"j":100,"k":100.5,"l":-1}"#
        ) { object in
            for key: StaticString in ["a", "b", "c", "d"] { _ = object.integer(key, default: 3, in: 1...5) }
            for key: StaticString in ["e", "f", "g", "h"] {
                _ = object.duration(key, default: .seconds(1), in: .seconds(1)...Duration.seconds(2))
            }
            for key: StaticString in ["i", "j", "k", "l"] { _ = object.optionalPercent(key) }
        }
        #expect(
            result.reading.faults.map(\.path) == ["c", "d", "g", "h", "k", "l"].map { "checks[0].\($0)" })
    }

    @Test("environment references are replaced where they are used, and shown as written")
    func environment() throws {
        var surroundings = ConfigurationSurroundings.none
        surroundings.environment = { ["A": "one", "EMPTY": "", "INTERVAL": "20s"][$0] }
        let result = try read(
            #"{"a":"${A}-${EMPTY}-$A-${","b":"${NONE}","c":"${INTERVAL}","d":["${A}"]}"#,
            surroundings: surroundings
        ) { object in
            #expect(object.optionalString("a") == "one--$A-${")
            _ = object.optionalString("b")
            #expect(object.optionalDuration("c", in: .zero...Duration.seconds(60)) == .seconds(20))
            #expect(object.strings("d", default: []) == ["one"])
        }
        #expect(result.reading.faults.map(\.fact) == ["the environment has no \"NONE\""])
        #expect(result.effective.firstRange(of: "${A}-${EMPTY}") != nil)
        #expect(result.digest != 0)
    }

    @Test(
        "what came from the environment is quoted nowhere, and neither are long values and those of several words"
    )
    func unquoted() throws {
        var surroundings = ConfigurationSurroundings.none
        surroundings.environment = { $0 == "X" ? "CANARY" : nil }
        let result = try read(
            #"""
            {"a": "${X}", "b": "x CANARY", "c": "CANARY=x", "d": "${CAN ARY}", "e": ["u:CANARY@h"], "f": "u:CANARY@h",
             "Authorization: CANARY": 1, "CANARY://": 2, "g": {"CANARY CANARY": 1}, "h": {"password": "CANARY"}}
            """#, surroundings: surroundings
        ) { object in
            if let text = object.optionalString("a") {
                object.fault("a", "\(object.quote(text)) is wrong", remedy: "X")
            }
            _ = object.optionalDuration("b", in: .zero...Duration.seconds(1))
            _ = object.choice("c", default: Colour.red)
            _ = object.optionalString("d")
            _ = object.integer("e", default: 1, in: 1...2)
            _ = object.strings("f", default: [])
            _ = object.namedStrings("g")
            _ = object.size("h", default: ByteCount(1))
        }
        let text = result.reading.faults.map(\.description).joined(separator: "\n")

        #expect(result.reading.faults.count == 10, "\(text)")
        #expect(text.firstRange(of: "CANARY") == nil, "\(text)")
        #expect(text.firstRange(of: "checks[0].a: the value is wrong. X") != nil)
        #expect(text.firstRange(of: "checks[0].\"…\": unknown key.") != nil)
    }

    @Test("blanks around words are refused, in texts for people they are not")
    func outerBlanks() throws {
        let result = try read(#"{"a": " x", "b": ["y", "z\n"], "c": " for people "}"#) { object in
            #expect(object.optionalString("a") == "x")
            #expect(object.strings("b", default: []) == ["y", "z"])
            #expect(object.optionalText("c") == " for people ")
            // What is left of a text is no more to be quoted than the whole.
            #expect(["x", "z", "y"].map { object.quote($0) } == ["the value", "the value", "\"y\""])
        }

        #expect(
            result.reading.faults.map(\.description) == [
                "line 1: checks[0].a: begins or ends with a blank. Remove the blank.",
                "line 1: checks[0].b[1]: begins or ends with a blank. Remove the blank.",
            ])
    }

    @Test("files have absolute paths, and a secret that was written in the place of its file is not quoted")
    func files() throws {
        var surroundings = ConfigurationSurroundings.none
        surroundings.readSecret = { path in
            .failure(.init(fact: "\"\(path)\" does not exist", remedy: "Create \(path)"))
        }
        surroundings.credentialsDirectory = "/credentials"
        surroundings.pathExists = { $0 == "/etc" || $0 == "/credentials" }
        let result = try read(
            #"{"a": "CANARY", "b": "/CANARY", "c": "/no/CANARY", "d": "/etc/file", "e": "CANARY"}"#,
            surroundings: surroundings
        ) { object in
            _ = object.secret("a", "none")
            _ = object.secret("b", "none")
            _ = object.secret("c", "none")
            _ = object.secret("d", "none")
            _ = object.secret("none", "e")
        }
        let facts = result.reading.faults.map { "\($0.path): \($0.fact)" }

        #expect(
            facts == [
                "checks[0].a: is not an absolute path", "checks[0].b: is not the path of a file",
                "checks[0].c: is not the path of a file", "checks[0].d: \"/etc/file\" does not exist",
                "checks[0].e: there is no credential of this name in $CREDENTIALS_DIRECTORY",
            ])
        #expect(result.reading.faults.allSatisfy { $0.remedy.firstRange(of: "CANARY") == nil })
    }

    @Test("what is hidden changes the digest, and only that does")
    func digests() throws {
        func digest(_ secret: String, _ token: String) throws -> Int {
            var surroundings = ConfigurationSurroundings.none
            surroundings.readSecret = { _ in .success(secret) }
            surroundings.environment = { _ in token }
            return try read(#"{"f":"/a","in":{"t":"${T}"}}"#, surroundings: surroundings) { object in
                _ = object.secret("f", "c")
                _ = object.object("in") { $0.optionalString("t") }
            }.digest
        }
        #expect(try digest("a", "b") == digest("a", "b"))
        #expect(try digest("a", "b") != digest("x", "b"))
        #expect(try digest("a", "b") != digest("a", "x"))
    }

    @Test(
        "objects in a list are a part of the question as one object is: what is hidden in them, no thresholds"
    )
    func questionsOfLists() throws {
        func question(_ token: String, _ threshold: String) throws -> String {
            var surroundings = ConfigurationSurroundings.none
            surroundings.environment = { _ in token }
            var question = ""
            _ = try read(
                #"{"l":[{"t":"x"},{"t":"${T}","warnLatency":"\#(threshold)"}]}"#, surroundings: surroundings
            ) { object in
                _ = object.objects("l") { element in
                    _ = element.optionalString("t")
                    _ = element.optionalDuration("warnLatency", in: .zero...Duration.seconds(100))
                }
                question = object.question()
            }
            return question
        }
        #expect(try question("CANARY", "1s") == question("CANARY", "1s"))
        #expect(try question("CANARY", "1s") != question("other", "1s"))
        #expect(try question("CANARY", "1s") == question("CANARY", "2s"))
        #expect(try question("CANARY", "1s").firstRange(of: "CANARY") == nil)
    }

    @Test("unread keys are refused, remarks are not, and reserved ones by their name")
    func finish() throws {
        let result = try read(#"{"//":1,"intervall":1,"later":2,"x":3}"#) { object in
            _ = object.optionalString("interval")
            object.refuseReserved(["later", "absent"])
        }
        #expect(
            result.reading.faults.map(\.description) == [
                "line 1: checks[0].later: `later` is not available in this version. Remove it.",
                "line 1: checks[0].intervall: unknown key. Did you mean `interval`?",
                "line 1: checks[0].x: unknown key. The keys here are: interval.",
            ])
    }

    @Test("a password in a text is warned about once")
    func warnsOnce() throws {
        let result = try read(#"{"a":"x://u:CANARY@h","b":"x://u:CANARY@h"}"#) { object in
            _ = object.optionalString("a")
            _ = object.optionalString("b")
        }
        #expect(result.reading.warnings.count == 1)
        #expect(result.reading.warnings[0].firstRange(of: "CANARY") == nil)
        #expect(result.effective.firstRange(of: "CANARY") == nil)
    }
}
