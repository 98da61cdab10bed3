// SPDX-License-Identifier: Apache-2.0

import Vitals

/// How many things happened within a window that moves, in space that does not grow with them.
///
/// Time is cut into sixtieths of the window, and what lies in the one that the window's end cuts counts still: a
/// thing is forgotten at most a sixtieth late, never early.
struct WindowCount {
    private static let pieces: Int64 = 60

    private let width: Int64
    private var counts = [UInt32](repeating: 0, count: Int(pieces) + 1)
    /// The piece that time has come to.
    private var present = Int64.min

    /// Makes an empty window.
    init(_ window: Duration) { width = max(1, window.nanoseconds / Self.pieces) }

    /// Counts one that happened then.
    mutating func add(at instant: Instant) {
        let piece = piece(of: instant)
        move(to: piece)
        guard piece > present - Int64(counts.count) else { return }
        let slot = slot(of: piece)
        if counts[slot] < .max { counts[slot] += 1 }
    }

    /// How many happened within the window that ends now.
    mutating func count(at now: Instant) -> Int {
        move(to: piece(of: now))
        return counts.reduce(0) { $0 + Int($1) }
    }

    private func piece(of instant: Instant) -> Int64 {
        // Downwards also below zero, where a hand-moved clock may begin.
        (instant.nanoseconds - (instant.nanoseconds < 0 ? width - 1 : 0)) / width
    }

    private func slot(of piece: Int64) -> Int {
        let count = Int64(counts.count)
        return Int((piece % count + count) % count)
    }

    private mutating func move(to piece: Int64) {
        guard piece > present else { return }
        if present == .min || piece - present >= Int64(counts.count) {
            for i in counts.indices { counts[i] = 0 }
        } else {
            for passed in (present + 1)...piece { counts[slot(of: passed)] = 0 }
        }
        present = piece
    }
}
