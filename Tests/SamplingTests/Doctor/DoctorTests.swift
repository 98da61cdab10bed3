// SPDX-License-Identifier: Apache-2.0

import Testing
import Vitals

@testable import Sampling

@Suite("What can be seen here")
struct DoctorTests {
    @Test(
        "every subject answers in one line, and what is not in order has a remedy, and nothing else",
        arguments: Subject.all.map(\.name))
    func contract(_ name: String) throws {
        let subject = try #require(Subject.all.first { $0.name == name })
        let bench = try ProbeBench()
        let bare = bench.surroundings()
        let here = Surroundings(roots: KernelRoots(), missing: { [] }, time: bench.time, house: .bare)
        let captured = Surroundings(
            roots: KernelRoots(proc: bench.directory), missing: { [] }, time: bench.time, house: .bare)

        for finding in [bare, here, captured].map(subject.look) {
            #expect(finding.subject == name)
            #expect(!finding.fact.isEmpty && finding.fact.utf8.count <= Diagnosis.longest)
            #expect(!finding.fact.hasSuffix(".") && !finding.fact.utf8.contains { $0 < 0x20 })
            #expect((finding.state == .ok) == (finding.remedy == nil), "\(finding)")
        }
    }

    @Test("the subjects have names of their own")
    func names() {
        #expect(Set(Subject.all.map(\.name)).count == Subject.all.count)
    }

}
