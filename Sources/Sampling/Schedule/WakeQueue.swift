// SPDX-License-Identifier: Apache-2.0

import Vitals

/// Checks by the instant at which each next needs something: a binary heap that knows where each check stands,
/// so that a change costs a few swaps however many checks there are.
struct WakeQueue: Sendable {
    private var heap: [Int] = []
    private var places: [Int] = []
    private(set) var wakes: [Instant] = []

    /// A queue of as many checks, each with its instant.
    init(_ wakes: [Instant] = []) {
        self.wakes = wakes
        heap = wakes.indices.sorted { wakes[$0] < wakes[$1] }
        places = [Int](repeating: 0, count: wakes.count)
        for (place, check) in heap.enumerated() { places[check] = place }
    }

    /// The earliest instant of all.
    var earliest: Instant? { heap.first.map { wakes[$0] } }

    /// Gives a check another instant.
    mutating func set(_ check: Int, to wake: Instant) {
        wakes[check] = wake
        rise(places[check])
        sink(places[check])
    }

    /// The checks whose instant has come, earliest first.
    func reached(_ now: Instant) -> [Int] {
        var found: [Int] = []
        var open = [0]
        while let place = open.popLast() {
            guard place < heap.count, wakes[heap[place]] <= now else { continue }
            found.append(heap[place])
            open.append(2 * place + 1)
            open.append(2 * place + 2)
        }
        return found.sorted { wakes[$0] == wakes[$1] ? $0 < $1 : wakes[$0] < wakes[$1] }
    }

    private mutating func rise(_ start: Int) {
        var place = start
        while place > 0 {
            let above = (place - 1) / 2
            guard wakes[heap[place]] < wakes[heap[above]] else { return }
            swap(place, above)
            place = above
        }
    }

    private mutating func sink(_ start: Int) {
        var place = start
        while true {
            var least = place
            for below in [2 * place + 1, 2 * place + 2]
            where below < heap.count && wakes[heap[below]] < wakes[heap[least]] { least = below }
            guard least != place else { return }
            swap(place, least)
            place = least
        }
    }

    private mutating func swap(_ a: Int, _ b: Int) {
        heap.swapAt(a, b)
        places[heap[a]] = a
        places[heap[b]] = b
    }
}
