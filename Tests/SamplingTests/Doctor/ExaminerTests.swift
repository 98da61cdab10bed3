// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOPosix
import Outbound
import Synchronization
import TestSupport
import Testing
import Vitals

@testable import Sampling

@Suite("Who looks, and for how long")
struct ExaminerTests {
    @Test(
        "a subject that hangs is unknown, nobody waits longer than the bound, and asking on takes no more threads"
    )
    func hanging() async throws {
        let bench = try ProbeBench()
        let gate = Gate()
        let looks = Atomic(0)
        let clock = HandClock()
        let examiner = Examiner(
            [
                Subject("stuck", isSlow: true) { _ in
                    looks.add(1, ordering: .relaxed)
                    gate.wait()
                    return Diagnosis("stuck", .ok, "late")
                }, Subject("quick") { _ in Diagnosis("quick", .ok, "here") },
            ], Surroundings(roots: KernelRoots(), missing: { [] }, time: clock, house: .bare),
            eventLoop: bench.context.eventLoop, patience: .seconds(1))

        for _ in 0..<3 {
            let found = await withCheckedContinuation { next in
                examiner.examine { next.resume(returning: $0) }
            }
            #expect(found.map(\.subject) == ["stuck", "quick"])
            #expect(found.map(\.state) == [.unknown, .ok])
            #expect(found[0].fact == "it could not be looked at within 1s")
            clock.advance(.seconds(2))
        }
        #expect(looks.load(ordering: .relaxed) == 1)
        gate.open()
        // Once it is back, it is looked at again.
        let healed = await bench.waits {
            clock.advance(.seconds(2))
            examiner.examine { _ in }
            return looks.load(ordering: .relaxed) > 1
        }
        #expect(healed)
    }

    @Test(
        "what could not be looked at for want of descriptors is not missing",
        arguments: [EMFILE, ENFILE])
    func shortage(_ code: Int32) throws {
        let surroundings = Surroundings(
            roots: KernelRoots(), missing: { [] }, time: HandClock(), house: .bare)
        let blind = Subject("one") { surroundings in
            surroundings.note(code)
            return Diagnosis("one", .missing, "it is not there", remedy: "Make it.")
        }
        let calm = Subject("one") { surroundings in
            surroundings.note(code)
            return Diagnosis("one", .ok, "nothing is there")
        }
        let clear = Subject("two") { surroundings in
            surroundings.note(ENOENT)
            return Diagnosis("two", .missing, "it is not there", remedy: "Make it.")
        }

        for subject in [blind, calm] {
            let found = subject.diagnosis(surroundings)
            #expect(found.state == .unknown)
            #expect(found.fact == "it could not be looked at: \(DescriptorShortage.sentence(code))")
        }
        #expect(clear.diagnosis(surroundings).state == .missing, "each subject has notes of its own")
    }

    @Test("whoever asks while a look is under way, and for a second after it, shares it")
    func shared() async throws {
        let bench = try ProbeBench()
        let gate = Gate()
        let looks = Atomic(0)
        let examiner = Examiner(
            [
                Subject("one") { _ in
                    looks.add(1, ordering: .relaxed)
                    gate.wait()
                    return Diagnosis("one", .ok, "here")
                }
            ], Surroundings(roots: KernelRoots(), missing: { [] }, time: HandClock(), house: .bare),
            eventLoop: bench.context.eventLoop, patience: .seconds(60))

        async let first = withCheckedContinuation { next in examiner.examine { next.resume(returning: $0) } }
        async let second = withCheckedContinuation { next in examiner.examine { next.resume(returning: $0) } }
        #expect(await bench.waits { looks.load(ordering: .relaxed) == 1 })
        gate.open()
        let both = await [first, second]
        let third = await withCheckedContinuation { next in examiner.examine { next.resume(returning: $0) } }

        #expect(both.map(\.count) == [1, 1] && third == both[0])
        #expect(looks.load(ordering: .relaxed) == 1)
    }

    @Test("each examination reads the mounts once, and the next one again")
    func mounts() async throws {
        let bench = try ProbeBench()
        let clock = HandClock()
        let table = ProbeBench.usualMounts
        let far = table + "40 25 0:44 / /srv rw - nfs4 far:/ rw\n"
        let subject = Subject("srv") { surroundings in
            let before = surroundings.isLocal("/srv")
            try? bench.mounts(far)
            return Diagnosis("srv", .ok, "\(before), \(surroundings.isLocal("/srv"))")
        }
        let examiner = Examiner(
            [subject],
            Surroundings(
                roots: KernelRoots(proc: bench.directory + "/proc"), missing: { [] }, time: clock,
                house: .bare),
            eventLoop: bench.context.eventLoop)
        try bench.mounts(table)

        var facts: [String] = []
        for _ in 0..<2 {
            facts += await withCheckedContinuation { next in examiner.examine { next.resume(returning: $0) } }
                .map(\.fact)
            clock.advance(.seconds(2))
        }

        #expect(facts == ["true, true", "false, false"])
    }
}
