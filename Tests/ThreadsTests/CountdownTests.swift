// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing
import Vitals

@testable import Threads

@Suite("A countdown")
struct CountdownTests {
    private func shares(of total: Duration, parts: Int) -> [Duration] {
        let clock = HandClock()
        let countdown = Countdown(time: clock, deadline: clock.now + total)
        return (0..<parts).map { index in
            let share = countdown.share(of: parts - index).remaining
            clock.advance(share)
            return share
        }
    }

    @Test("is shared alike among few tries")
    func few() {
        #expect(shares(of: .seconds(3), parts: 3) == [.seconds(1), .seconds(1), .seconds(1)])
    }

    @Test("gives each of many tries enough for an answer, as long as there is time")
    func many() {
        let shares = shares(of: .seconds(1), parts: 100)

        #expect(shares.prefix(4).allSatisfy { $0 == .milliseconds(250) })
        #expect(shares.dropFirst(4).allSatisfy { $0 == .zero })
    }

    @Test("gives all that is left where that is less")
    func short() {
        #expect(shares(of: .milliseconds(100), parts: 2) == [.milliseconds(100), .zero])
    }
}
