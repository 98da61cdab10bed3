// SPDX-License-Identifier: Apache-2.0

/// Reads a metrics page by the strictest rules of both formats, including those that promtool 2.42 and
/// prometheus_client do not check: no series twice, every family in one piece.
struct ExpositionCheck {
    /// What is wrong with the page; empty for a clean one.
    private(set) var faults: [String] = []
    /// Every sample's value by its series, labels in the order of the page.
    private(set) var samples: [String: String] = [:]
    /// Every family's declared type.
    private(set) var types: [String: String] = [:]
    /// Every family's help, as written.
    private(set) var helps: [String: String] = [:]

    private let isOpenMetrics: Bool
    private var seen: Set<String> = []
    private var closed: Set<String> = []
    private var family: String?
    private var familyHasSamples = false

    init(_ page: String, openMetrics: Bool) {
        isOpenMetrics = openMetrics
        if !page.utf8.elementsEqual(page.utf8.filter { $0 != 0x0D }) { faults.append("a CR is on the page") }
        if page.unicodeScalars.first?.value == 0xFEFF { faults.append("a BOM begins the page") }
        if page.utf8.last != 0x0A { faults.append("the page does not end with a line feed") }
        var lines = page.utf8.split(separator: 0x0A, omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
        if lines.last == "" { lines.removeLast() }
        if openMetrics {
            if lines.last != "# EOF" { faults.append("the last line is \(lines.last ?? "none")") }
            if lines.last == "# EOF" { lines.removeLast() }
        }
        for line in lines { read(line) }
    }

    private mutating func read(_ line: String) {
        if line.isEmpty { return faults.append("a blank line") }
        if line.hasPrefix("# ") { return metadata(line) }
        if line.hasPrefix("#") { return faults.append("a comment: \(line)") }
        sample(line)
    }

    private mutating func metadata(_ line: String) {
        let words = line.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false).map(
            String.init)
        guard words.count == 4, words[1] == "HELP" || words[1] == "TYPE" else {
            return faults.append("no HELP or TYPE: \(line)")
        }
        let name = words[2]
        if name != family {
            if let family { closed.insert(family) }
            if closed.contains(name) { faults.append("family \(name) is in two pieces") }
            family = name
            familyHasSamples = false
        }
        if familyHasSamples { faults.append("metadata of \(name) behind its samples") }
        if words[1] == "HELP" {
            if helps.updateValue(words[3], forKey: name) != nil { faults.append("second HELP of \(name)") }
            if isOpenMetrics, types[name] == nil { faults.append("HELP of \(name) before its TYPE") }
            escapes(words[3], allowed: isOpenMetrics ? ["\\", "n", "\""] : ["\\", "n"], "HELP of \(name)")
        } else {
            if types.updateValue(words[3], forKey: name) != nil { faults.append("second TYPE of \(name)") }
            let known =
                isOpenMetrics
                ? ["counter", "gauge", "histogram", "unknown"] : ["counter", "gauge", "histogram", "untyped"]
            if !known.contains(words[3]) { faults.append("type \(words[3]) of \(name)") }
        }
    }

    private mutating func escapes(_ text: String, allowed: [Character], _ place: String) {
        var iterator = text.makeIterator()
        while let character = iterator.next() {
            if character != "\\" { continue }
            let next = iterator.next()
            if next.map({ !allowed.contains($0) }) ?? true { faults.append("bad escape in \(place)") }
        }
    }

    private mutating func sample(_ line: String) {
        var rest = Substring(line)
        let name = String(rest.prefix { $0 != "{" && $0 != " " })
        rest = rest.dropFirst(name.count)
        if !Self.isName(name, colon: true) { faults.append("metric name \(name)") }
        var labels: [(name: String, value: String)] = []
        if rest.first == "{" {
            guard let end = Self.labels(rest, &labels) else { return faults.append("labels of \(line)") }
            rest = rest[end...]
        }
        guard rest.first == " " else { return faults.append("no blank before the value: \(line)") }
        let value = String(rest.dropFirst())
        if !Self.isValue(value) { faults.append("value \(value) of \(line)") }
        if Set(labels.map(\.name)).count != labels.count { faults.append("a label twice: \(line)") }
        for label in labels where !Self.isName(label.name, colon: false) || label.name == "__name__" {
            faults.append("label name \(label.name)")
        }
        let key = labels.sorted { $0.name < $1.name }.map { "\($0.name)=\($0.value)" }
        if !seen.insert(name + "|" + key.joined(separator: "|")).inserted {
            faults.append("series twice: \(line)")
        }
        samples[String(line.dropLast(value.count + 1))] = value
        familyHasSamples = true
        place(name, value, labels, line)
    }

    private mutating func place(
        _ name: String, _ value: String, _ labels: [(name: String, value: String)], _ line: String
    ) {
        guard let family, let type = types[family] else { return faults.append("no TYPE before \(line)") }
        let suffixes: [String] =
            switch type {
            case "counter": isOpenMetrics ? ["_total"] : [""]
            case "histogram": ["_bucket", "_sum", "_count"]
            default: [""]
            }
        if !suffixes.contains(where: { name == family + $0 }) {
            faults.append("\(name) stands in family \(family) of type \(type)")
        }
        if isOpenMetrics, type == "counter", value == "NaN" || value.hasPrefix("-") {
            faults.append("a counter of \(value): \(line)")
        }
        if name.hasSuffix("_bucket"), type == "histogram", !labels.contains(where: { $0.name == "le" }) {
            faults.append("a bucket without le: \(line)")
        }
    }

    /// Reads `{a="b",c="d"}` and returns where it ends.
    private static func labels(
        _ text: Substring, _ labels: inout [(name: String, value: String)]
    ) -> Substring.Index? {
        var i = text.index(after: text.startIndex)
        while i < text.endIndex {
            guard let equals = text[i...].firstIndex(of: "=") else { return nil }
            let name = String(text[i..<equals])
            i = text.index(after: equals)
            guard i < text.endIndex, text[i] == "\"" else { return nil }
            i = text.index(after: i)
            var value = ""
            while i < text.endIndex, text[i] != "\"" {
                if text[i] == "\\" {
                    i = text.index(after: i)
                    guard i < text.endIndex, ["\\", "\"", "n"].contains(text[i]) else { return nil }
                    value.append(text[i] == "n" ? "\n" : text[i])
                } else {
                    value.append(text[i])
                }
                i = text.index(after: i)
            }
            guard i < text.endIndex else { return nil }
            labels.append((name, value))
            i = text.index(after: i)
            guard i < text.endIndex else { return nil }
            if text[i] == "}" { return text.index(after: i) }
            guard text[i] == "," else { return nil }
            i = text.index(after: i)
        }
        return nil
    }

    private static func isName(_ name: String, colon: Bool) -> Bool {
        guard let first = name.utf8.first, !(0x30...0x39).contains(first) else { return false }
        return name.utf8.allSatisfy {
            ($0 >= 0x61 && $0 <= 0x7A) || ($0 >= 0x41 && $0 <= 0x5A) || ($0 >= 0x30 && $0 <= 0x39)
                || $0 == 0x5F || ($0 == 0x3A && colon)
        }
    }

    private static func isValue(_ text: String) -> Bool {
        if ["+Inf", "-Inf", "NaN"].contains(text) { return true }
        if text.utf8.contains(where: { !"0123456789+-.e".utf8.contains($0) }) { return false }
        return Double(text) != nil
    }
}
