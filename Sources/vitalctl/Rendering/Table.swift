// SPDX-License-Identifier: Apache-2.0

/// Columns that stand under each other; the last one is as long as it likes.
struct Table {
    /// Which side of a column its texts lean on.
    enum Side {
        case left
        case right
    }

    private let sides: [Side]
    private var rows: [[String]]

    init(_ heads: [String], sides: [Side]) {
        self.sides = sides
        rows = [heads]
    }

    /// Adds a row of plain texts; the widths are theirs.
    mutating func add(_ cells: [String]) { rows.append(cells.map(Self.printable)) }

    /// The lines, each without blanks at its end. `tint` colours a cell after it has been padded.
    func lines(tint: (_ row: Int, _ column: Int, _ text: String) -> String = { _, _, text in text })
        -> [String]
    {
        var widths = [Int](repeating: 0, count: sides.count)
        for row in rows {
            for (column, cell) in row.enumerated() { widths[column] = max(widths[column], cell.count) }
        }
        return rows.enumerated().map { index, row in
            var line = ""
            for (column, cell) in row.enumerated() {
                let last = column == row.count - 1
                if column > 0 { line += "  " }
                let blanks = String(repeating: " ", count: widths[column] - cell.count)
                let text = tint(index, column, cell)
                line += sides[column] == .right ? blanks + text : text + (last ? "" : blanks)
            }
            while line.last == " " { line.removeLast() }
            return line
        }
    }

    /// A text with blanks behind it up to a width.
    static func pad(_ text: String, to width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    /// A text that cannot move the cursor or ring the bell, whatever a container is called.
    static func printable(_ text: String) -> String {
        var clean = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            let isControl = scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
            clean.append(isControl ? "\u{FFFD}" : scalar)
        }
        return String(clean)
    }
}
