// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import vitald

/// The files of the repository.
enum Repository {
    private static let root = "/" + #filePath.split(separator: "/").dropLast(4).joined(separator: "/")

    /// Where a file of it is.
    static func path(_ path: String) -> String { "\(root)/\(path)" }

    static func text(_ path: String) throws -> String {
        let file = try #require(try? SmallFile(reading: "\(root)/\(path)", limit: 1 << 20), "\(path)")
        return String(decoding: file.bytes, as: UTF8.self)
    }
}

/// A manual page in mdoc(7), as far as its lists go.
struct ManualPage {
    private let sections: [(title: String, items: [String])]

    init(_ name: String) throws {
        var sections: [(title: String, items: [String])] = []
        for line in try Repository.text("packaging/man/\(name)").split(separator: "\n") {
            let words = line.split(separator: " ").map {
                $0.split(separator: "\\", omittingEmptySubsequences: true).joined()
            }
            switch words.first {
            case ".Sh", ".Ss": sections.append((words.dropFirst().joined(separator: " "), []))
            case ".It":
                guard !sections.isEmpty else { continue }
                sections[sections.count - 1].items += words.dropFirst(2).filter { $0 != "," }
            default: break
            }
        }
        self.sections = sections
    }

    /// The words of all items of its lists.
    var items: [String] { sections.flatMap(\.items) }

    /// The words of the items below one heading.
    func items(below title: String) -> [String] {
        sections.first { $0.title == title }?.items ?? []
    }
}
