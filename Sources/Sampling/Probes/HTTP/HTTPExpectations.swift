// SPDX-License-Identifier: Apache-2.0

import Outbound
import Vitals

/// What an answer has to be.
struct HTTPExpectations: Sendable {
    /// One place of a JSON answer and what it must hold.
    struct Member: Sendable {
        let pointer: JSONPointer
        let value: JSONValue
    }

    /// Codes that pass.
    var status = StatusClasses()
    /// Codes that are a warning; all others are a failure.
    var warnStatus = StatusClasses()
    /// Bytes that must stand in the body.
    var bodyContains: [UInt8]?
    /// A pattern that must be found in the body.
    var bodyMatches: BytePattern?
    /// What a JSON body must hold.
    var json: [Member] = []

    /// Whether the body is looked at.
    var needsBody: Bool { bodyContains != nil || bodyMatches != nil || !json.isEmpty }

    /// Reads the object `expect` of a check.
    init(reading object: inout ConfigurationObject) {
        status = Self.classes(&object, "status", default: ["200-299"])
        if status.ranges.isEmpty, object.raw("status")?.count == 0, object.raw("status")?.kind == .array {
            object.fault(
                "status", "is empty, so no answer could ever pass",
                remedy: "Write for example [\"200-299\"], or remove the line to get that.")
        }
        warnStatus = Self.classes(&object, "warnStatus", default: [])
        if let text = object.optionalText("bodyContains") {
            bodyContains = Array(text.utf8)
            if text.isEmpty || text.utf8.count > BodyReader.bound {
                object.fault(
                    "bodyContains", text.isEmpty ? "is empty" : "is longer than the 64 KiB that are read",
                    remedy: "Write a text that a good answer contains, or remove the line.")
            }
        }
        if let pattern = object.optionalText("bodyMatches") { readPattern(pattern, &object) }
        readJSON(&object)
    }

    private mutating func readPattern(_ pattern: String, _ object: inout ConfigurationObject) {
        guard !pattern.isEmpty, pattern.utf8.count <= BytePattern.longest, !pattern.utf8.contains(0) else {
            object.fault(
                "bodyMatches",
                pattern.isEmpty ? "is empty" : "is longer than \(BytePattern.longest) bytes or holds a NUL",
                remedy: "Write a POSIX extended regular expression, see regex(7).")
            return
        }
        do { bodyMatches = try BytePattern(pattern) } catch {
            object.fault("bodyMatches", error.fact, remedy: error.remedy)
        }
    }

    private mutating func readJSON(_ object: inout ConfigurationObject) {
        guard let found = object.raw("json") else {
            object.show("json") { $0.object { _ in } }
            return
        }
        object.show("json") { $0.raw(found.source) }
        guard found.kind == .object else {
            object.fault(
                "json", "is \(found.kind.phrase), not an object",
                remedy: "Write pointers and values, for example { \"/status\": \"ok\" }.")
            return
        }
        for member in found.members {
            guard let text = member.key.string, text != "//" else { continue }
            guard let pointer = JSONPointer(text) else {
                object.fault(
                    "json", "\(object.quote(text)) is not a JSON pointer (RFC 6901)",
                    remedy: "Begin with a slash, for example \"/status\"; write ~ as ~0 and / as ~1.")
                continue
            }
            json.append(Member(pointer: pointer, value: member.value))
        }
    }

    private static func classes(
        _ object: inout ConfigurationObject, _ key: StaticString, default fallback: [String]
    ) -> StatusClasses {
        var classes = StatusClasses()
        for word in object.strings(key, default: fallback) where !classes.add(word) {
            object.fault(
                "\(key)", "\(object.quote(word)) is not a range of status codes",
                remedy: "Write codes from 100 to 599, for example \"200-299\", \"204\" or \"2xx\".")
        }
        return classes
    }
}
