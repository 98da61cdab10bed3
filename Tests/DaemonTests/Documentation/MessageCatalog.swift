// SPDX-License-Identifier: Apache-2.0

/// `packaging/vitald.catalog`, by its ids.
///
/// ```
/// # a comment
/// -- 0d5637b418324a44910e93e5fcf51b55
/// Subject: vitald @VITALD_VERSION@ serves
/// Defined-By: vitald
///
/// What happened.
///
/// What is to be done.
/// ```
struct MessageCatalog {
    /// One entry: its headers, and its text in paragraphs.
    struct Entry {
        var headers: [String: String] = [:]
        var paragraphs: [String] = []

        /// The fields that journalctl puts in, `@NAME@`.
        var fields: Set<String> {
            let text = ([headers["Subject"] ?? ""] + paragraphs).joined(separator: "\n")
            let pieces = text.split(separator: "@", omittingEmptySubsequences: false).dropFirst().dropLast()
            return Set(
                pieces.filter { piece in
                    !piece.isEmpty && piece.utf8.allSatisfy { (0x41...0x5A).contains($0) || $0 == 0x5F }
                }.map(String.init))
        }
    }

    /// The ids as they come, one that is there twice is told twice.
    private(set) var ids: [String] = []
    /// The entries.
    private(set) var entries: [String: Entry] = [:]

    init() throws {
        let text = try Repository.text("packaging/vitald.catalog")
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("#") { continue }
            if line.hasPrefix("-- ") {
                ids.append(String(line.dropFirst(3)))
                entries[ids[ids.count - 1]] = Entry()
            } else if let id = ids.last {
                entries[id]?.take(line)
            }
        }
    }
}

extension MessageCatalog.Entry {
    fileprivate mutating func take(_ line: Substring) {
        if paragraphs.isEmpty, !line.isEmpty {
            let parts = line.split(separator: ":", maxSplits: 1)
            headers[String(parts[0])] = parts.count == 2 ? String(parts[1].drop { $0 == " " }) : ""
        } else if line.isEmpty {
            paragraphs.append("")
        } else {
            paragraphs[paragraphs.count - 1] += "\(line)\n"
        }
    }
}
