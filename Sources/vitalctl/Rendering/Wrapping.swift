// SPDX-License-Identifier: Apache-2.0

/// Text in lines of a width.
enum Wrapping {
    /// Narrower than this, words stand one beneath the other: better that the terminal breaks them.
    static let narrowest = 24

    /// The lines of a text; a word that is longer than a line keeps one for itself, for a path in two pieces cannot be
    /// copied.
    static func lines(_ text: String, width: Int) -> [String] {
        let width = max(width, narrowest)
        var lines: [String] = []
        var line = ""
        var count = 0
        for word in text.split(separator: " ") {
            if count > 0, count + 1 + word.count > width {
                lines.append(line)
                line = ""
                count = 0
            }
            if count > 0 {
                line += " "
                count += 1
            }
            line += word
            count += word.count
        }
        return count > 0 || lines.isEmpty ? lines + [line] : lines
    }
}
