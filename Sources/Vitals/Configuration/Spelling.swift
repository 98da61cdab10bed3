// SPDX-License-Identifier: Apache-2.0

/// How far two words are apart, for "did you mean".
package enum Spelling {
    /// Words further apart than this are different words, not slips.
    private static let farthest = 2

    /// The candidate that was most likely meant; nil where none is near.
    package static func nearest(to word: String, among candidates: some Sequence<String>) -> String? {
        var best: (distance: Int, word: String)?
        for candidate in candidates.sorted() {
            let gap = candidate.utf8.count - word.utf8.count
            guard gap.magnitude <= farthest else { continue }  // also keeps huge words out of the table below
            let distance = distance(candidate, word)
            // A slip keeps most of a word: `id` is no slip for `of`.
            guard distance <= farthest, distance * 2 <= candidate.utf8.count,
                distance < best?.distance ?? Int.max
            else { continue }
            best = (distance, candidate)
        }
        return best?.word
    }

    /// The number of letters to insert, remove or replace (Levenshtein).
    static func distance(_ a: String, _ b: String) -> Int {
        let x = Array(a.utf8)
        let y = Array(b.utf8)
        var row = Array(0...y.count)
        for i in 0..<x.count {
            var diagonal = row[0]
            row[0] = i + 1
            for j in 0..<y.count {
                let above = row[j + 1]
                row[j + 1] = min(above + 1, row[j] + 1, diagonal + (x[i] == y[j] ? 0 : 1))
                diagonal = above
            }
        }
        return row[y.count]
    }
}
