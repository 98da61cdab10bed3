// SPDX-License-Identifier: Apache-2.0

/// Finds words in texts byte by byte: `String.contains(String)` would link Swift's regex engine, 1.4 MiB.
extension String {
    /// The index behind the first place where these words stand; nil where they do not.
    func end(of words: String) -> Index? {
        let wanted = Array(words.utf8)
        var start = utf8.startIndex
        while true {
            if utf8[start...].starts(with: wanted) { return utf8.index(start, offsetBy: wanted.count) }
            guard start < utf8.endIndex else { return nil }
            utf8.formIndex(after: &start)
        }
    }

    /// Whether these words stand in it.
    func holds(_ words: String) -> Bool { end(of: words) != nil }
}
