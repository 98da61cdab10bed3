// SPDX-License-Identifier: Apache-2.0

/// A cursor on one object of the configuration: reads its keys with their defaults, records every fault, and
/// remembers what the effective value of each key is.
///
/// Every reader returns something usable, so that reading goes on and all faults are found at once; once a
/// fault is recorded the configuration as a whole is refused. `finish()` refuses the keys that nobody read.
package struct ConfigurationObject {
    /// The path of this object: `checks[1]`; empty at the top.
    package let path: String
    /// Where faults go.
    package let reading: ConfigurationReading
    /// The effective values so far, each as JSON text, in the order of reading; secrets are masked.
    package private(set) var effective: [(key: String, json: [UInt8])] = []
    /// Stands for all that `effective` does not show (secrets, what environment references stand for): changes
    /// when one of them does, says nothing about it, and means nothing in another process. 0 where nothing
    /// is hidden.
    package private(set) var hiddenDigest = 0
    /// What of this object decides what a check asks; see `question(from:settingAside:)`.
    var questionParts = QuestionParts()

    let value: JSONValue?
    private var consumed: Set<String> = []
    private var reserved: Set<String> = []
    private var takesEverything = false
    /// Something stands here that is no object: that is said once, and nothing below it is missed aloud.
    private let isBroken: Bool

    /// Makes a cursor on an object; nil stands for an absent one, which has only defaults.
    package init(_ value: JSONValue?, path: String, reading: ConfigurationReading) {
        self.path = path
        self.reading = reading
        if let value, value.kind != .object {
            reading.add(
                ConfigurationFault(
                    path: path, line: value.place.line, fact: "is \(value.kind.phrase), not an object",
                    remedy: path.isEmpty ? "Write { … } around the whole." : "Write { … } here."))
            self.value = nil
            isBroken = true
        } else {
            self.value = value
            isBroken = false
        }
    }

    /// Whether the key is written down here, whatever its value.
    package func has(_ key: StaticString) -> Bool { value?[key] != nil }

    /// The line on which this object begins; nil where it is absent.
    package var line: Int? { value?.place.line }

    /// Records a fault at a key of this object, or at the object itself.
    package func fault(_ key: String?, _ fact: String, remedy: String) {
        guard !isBroken else { return }
        guard reading.takesMore else { return reading.countMore() }
        var line = value?.place.line
        if let key, let member = value?.members.first(where: { $0.key.string == key }) {
            line = member.key.place.line
        }
        let place = key.map { path(of: $0) } ?? path
        reading.add(ConfigurationFault(path: place, line: line, fact: fact, remedy: remedy))
    }

    /// The path of a key of this object.
    package func path(of key: String) -> String {
        let shown = Quotation.mayQuote(key: key) ? key : "\"…\""
        return path.isEmpty ? shown : "\(path).\(shown)"
    }

    /// Takes the raw value of a key; the caller must `show` the effective value itself.
    package mutating func raw(_ key: StaticString) -> JSONValue? {
        consumed.insert("\(key)")
        return value?[key]
    }

    /// Remembers the effective value of a key.
    package mutating func show(_ key: StaticString, _ write: (inout JSONWriter) -> Void) {
        var writer = JSONWriter(capacity: 32)
        write(&writer)
        effective.append(("\(key)", writer.bytes))
    }

    /// Replaces the effective value of a key that something stronger than the file has overruled.
    package mutating func replace(_ key: StaticString, _ write: (inout JSONWriter) -> Void) {
        effective.removeAll { $0.key == "\(key)" }
        show(key, write)
    }

    /// Notes something that counts but is not shown, so that a change of it is a change of the configuration. It is
    /// part of what a check asks, as the key it belongs to is; credentials are noted by `remember(credential:at:)`.
    package mutating func remember(hidden text: String, of key: StaticString = "") {
        digest(text)
        questionParts.hide(text, "\(key)")
    }

    /// Takes a text into the digest of what is not shown.
    mutating func digest(_ text: String) {
        var hasher = Hasher()
        hasher.combine(hiddenDigest)
        hasher.combine(text)
        hiddenDigest = hasher.finalize()
    }

    /// Notes what an object below this one hides.
    mutating func remember(hiddenBelow digest: Int) {
        guard digest != 0 else { return }
        var hasher = Hasher()
        hasher.combine(hiddenDigest)
        hasher.combine(digest)
        hiddenDigest = hasher.finalize()
    }

    /// Refuses names that belong to features of a later version, by their name.
    package mutating func refuseReserved(_ keys: [StaticString]) {
        for key in keys where has(key) {
            reserved.insert("\(key)")
            fault("\(key)", "`\(key)` is not available in this version", remedy: "Remove it.")
        }
    }

    /// Refuses nothing more here: for an object of which nobody knows what it should hold.
    package mutating func takeTheRest() { takesEverything = true }

    /// Refuses the keys that nobody has read; `//` is for remarks and always allowed.
    package mutating func finish() {
        guard let value, !takesEverything else { return }
        var refused: Set<String> = []
        for member in value.members {
            // What stands twice has been named as such already.
            guard let key = member.key.string, key != "//", !consumed.contains(key), !reserved.contains(key),
                refused.insert(key).inserted
            else { continue }
            guard reading.takesMore else {
                reading.countMore()
                continue
            }
            let near = Spelling.nearest(to: key, among: consumed)
            let known = consumed.sorted().joined(separator: ", ")
            reading.add(
                ConfigurationFault(
                    path: path(of: key), line: member.key.place.line, fact: "unknown key",
                    remedy: near.map { "Did you mean `\($0)`?" } ?? "The keys here are: \(known)."))
        }
    }

    /// The effective object as JSON text, secrets masked.
    package var effectiveJSON: [UInt8] {
        var writer = JSONWriter()
        writer.object { w in
            for (key, json) in effective {
                w.key(key)
                w.raw(json)
            }
        }
        return writer.bytes
    }

    /// Records that a value is of another kind than the key wants.
    func wrongKind(_ key: StaticString, _ found: JSONValue, _ wanted: String, example: String? = nil) {
        let fact =
            found.kind == .number && wanted.utf8.starts(with: "a whole number".utf8)
            ? "\(quote(found)) is not \(wanted)" : "is \(found.kind.phrase), not \(wanted)"
        fault("\(key)", fact, remedy: "Write \(wanted)" + (example.map { ", for example \($0)." } ?? "."))
    }

    /// How the value of a reference is put into a text: `position` is where the reference stands in what is written.
    package typealias Insertion = (_ value: String, _ position: Int, _ written: [UInt8]) -> String

    /// Replaces `${NAME}` by the environment's value; an unset name is a fault.
    func expand(
        _ text: String, _ key: some CustomStringConvertible, inserting: Insertion = { value, _, _ in value }
    ) -> String {
        guard text.utf8.contains(UInt8(ascii: "$")) else { return text }
        var out: [UInt8] = []
        let bytes = Array(text.utf8)
        var i = 0
        var isExpanded = false
        while i < bytes.count {
            guard bytes[i] == UInt8(ascii: "$"), i + 1 < bytes.count, bytes[i + 1] == UInt8(ascii: "{"),
                let close = bytes[i...].firstIndex(of: UInt8(ascii: "}"))
            else {
                out.append(bytes[i])
                i += 1
                continue
            }
            let name = String(decoding: bytes[i + 2..<close], as: UTF8.self)
            if let value = reading.surroundings.environment(name) {
                out.append(contentsOf: inserting(value, i, bytes).utf8)
                // A part alone may be the subject of a sentence too.
                reading.note(expanded: value)
                isExpanded = true
            } else {
                // What is not the name of a variable may be half a password.
                let isName = References.isName(name.utf8)
                fault(
                    "\(key)",
                    "the environment has no \(isName ? reading.quote(name, else: "such variable") : "such variable")",
                    remedy:
                        "Set it for vitald (systemd: Environment= or EnvironmentFile=), or write the value.")
            }
            i = close + 1
        }
        let result = String(decoding: out, as: UTF8.self)
        if isExpanded { reading.note(expanded: result) }
        return result
    }

    /// The value in quotes where a sentence may quote it, else `words`.
    package func quote(_ value: String, else words: String = Quotation.substitute) -> String {
        reading.quote(value, else: words)
    }

    /// The path in quotes where a sentence may quote it, else `words`.
    package func quote(path: String, else words: String = "the file") -> String {
        reading.quote(path: path, else: words)
    }

    /// A value for a sentence, as it stands in the text, where it may be quoted: strings by the rule of
    /// `Quotation`, numbers that are short; of lists and objects nothing.
    func quote(_ found: JSONValue) -> String {
        if let string = found.string { return quote(string) }
        guard found.kind == .number, found.source.count <= Quotation.maximumLength else {
            return Quotation.substitute
        }
        return String(decoding: found.source, as: UTF8.self)
    }
}
