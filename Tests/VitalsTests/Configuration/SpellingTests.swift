// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Vitals

@Suite("Did you mean")
struct SpellingTests {
    @Test("the distance counts what to insert, remove and replace")
    func distance() {
        let pairs: [(String, String, Int)] = [
            ("", "", 0), ("a", "", 1), ("", "abc", 3), ("kitten", "sitting", 3), ("interval", "intervall", 1),
            ("ab", "ba", 2), ("flaw", "lawn", 2), ("same", "same", 0),
        ]
        for (a, b, distance) in pairs {
            #expect(Spelling.distance(a, b) == distance)
            #expect(Spelling.distance(b, a) == distance)
        }
    }

    @Test("the nearest word is offered, and none for another word")
    func nearest() {
        let words = ["interval", "timeout", "of", "url", "type"]

        #expect(Spelling.nearest(to: "intervall", among: words) == "interval")
        #expect(Spelling.nearest(to: "timout", among: words) == "timeout")
        #expect(Spelling.nearest(to: "id", among: words) == nil)
        #expect(Spelling.nearest(to: "retries", among: words) == nil)
        #expect(Spelling.nearest(to: String(repeating: "x", count: 1_000_000), among: words) == nil)
        #expect(Spelling.nearest(to: "tyep", among: words) == "type")
        #expect(Spelling.nearest(to: "a", among: []) == nil)
    }
}
