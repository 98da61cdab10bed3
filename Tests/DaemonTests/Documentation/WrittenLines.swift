// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The places of the sources that make lines of the journal, as text: what stands between the brackets of
/// `JournalEntry(…)`, or the whole file where the fields are gathered before.
struct WrittenLines {
    private var places: [(event: String, text: String)] = []

    init() throws {
        for path in Self.sources(below: "Sources") {
            let file = try Repository.text(path)
            var rest = file[...]
            while let start = rest.firstRange(of: "JournalEntry(") {
                let call = Self.balanced(rest[start.upperBound...])
                let event = call.prefix { $0 != "," }
                let text = call.contains("fields: fields") ? Substring(file) : call
                for name in event.split(whereSeparator: { !$0.isLetter && $0 != "." })
                where name.hasPrefix(".") {
                    places.append((String(name.dropFirst()), String(text)))
                }
                rest = rest[start.upperBound...]
            }
        }
    }

    /// The texts that make lines of this kind.
    func making(_ event: String) -> [String] { places.filter { $0.event == event }.map(\.text) }

    private static func balanced(_ text: Substring) -> Substring {
        var depth = 1
        return text.prefix { character in
            if character == "(" { depth += 1 }
            if character == ")" { depth -= 1 }
            return depth > 0
        }
    }

    private static func sources(below directory: String) -> [String] {
        guard let stream = opendir(Repository.path(directory)) else { return [] }
        defer { closedir(stream) }
        var found: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name.hasPrefix(".") { continue }
            if Int32(entry.pointee.d_type) == Int32(DT_DIR) {
                found += sources(below: "\(directory)/\(name)")
            } else if name.hasSuffix(".swift") {
                found.append("\(directory)/\(name)")
            }
        }
        return found
    }
}
