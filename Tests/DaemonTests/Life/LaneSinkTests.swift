// SPDX-License-Identifier: Apache-2.0

import Glibc
import Publishing
import Testing

@testable import vitald

@Suite("The log on a descriptor that blocks")
struct LaneSinkTests {
    private final class Pipe {
        private(set) var reader: Int32
        let writer: Int32

        init() throws {
            var ends: [Int32] = [0, 0]
            try #require(pipe(&ends) == 0)
            (reader, writer) = (ends[0], ends[1])
        }

        /// What is there, up to so many bytes.
        func read(_ count: Int) -> [UInt8] {
            var bytes = [UInt8](repeating: 0, count: count)
            let count = Glibc.read(reader, &bytes, count)
            return Array(bytes[..<max(0, count)])
        }

        deinit {
            close(reader)
            close(writer)
        }
    }

    private func line(_ number: Int) -> [UInt8] {
        Array(("\(number) " + String(repeating: "x", count: 1000)).utf8.prefix(999)) + [0x0A]
    }

    private func wait(for what: String, _ condition: () -> Bool) throws {
        for _ in 0..<5000 where !condition() { poll(nil, 0, 1) }
        try #require(condition(), "\(what)")
    }

    @Test("a pipe that nobody reads costs one short wait; what it did not take comes later in order")
    func fullPipe() throws {
        let pipe = try Pipe()
        let sink = LaneSink(descriptor: pipe.writer, patience: .milliseconds(50))
        var taken = 0
        var took = Duration.zero

        // 64 KiB are 65 lines; the others wait for the thread, and then nowhere.
        while taken < 2000 {
            var delivery = LineDelivery.full
            took += ContinuousClock().measure { delivery = sink.offer(line(taken)[...]) }
            guard delivery == .taken(1000) else { break }
            taken += 1
        }
        #expect((300...330).contains(taken), "\(taken)")
        #expect(took < .seconds(5))
        #expect(!sink.isIdle)

        var bytes: [UInt8] = []
        while bytes.count < taken * 1000 { bytes += pipe.read(65_536) }
        let numbers = bytes.split(separator: 0x0A).map {
            String(decoding: $0.prefix { $0 != 0x20 }, as: UTF8.self)
        }
        #expect(numbers == (0..<taken).map(String.init))
        try wait(for: "the end of the thread's work") { sink.isIdle }
        #expect(sink.losses() == 0)
    }

    @Test("a reader that takes every line late is waited for once, and again when it has caught up")
    func slowReader() throws {
        let pipe = try Pipe()
        let sink = LaneSink(descriptor: pipe.writer, patience: .milliseconds(300))
        var sent = 0
        // 64 KiB fill the pipe: the next line is waited for in vain.
        while sink.isIdle {
            _ = sink.offer(line(sent)[...])
            sent += 1
        }
        var received = 0

        let took = ContinuousClock().measure {
            for _ in 0..<5 {
                _ = sink.offer(line(sent)[...])
                sent += 1
                // One page becomes free, which is four lines late.
                received += pipe.read(4096).count
            }
        }

        #expect(took < .milliseconds(300), "\(took)")
        while received < sent * 1000 { received += pipe.read(65_536).count }
        try wait(for: "the end of the thread's work") { sink.isIdle }
        _ = sink.offer(line(sent)[...])
        #expect(pipe.read(2000) == line(sent))
    }

    @Test("a line is written when it was offered, as long as nothing blocks")
    func atOnce() throws {
        let pipe = try Pipe()
        let sink = LaneSink(descriptor: pipe.writer, patience: .seconds(20))

        for number in 0..<20 {
            #expect(sink.offer(line(number)[...]) == .taken(1000))
            #expect(pipe.read(2000) == line(number))
        }
    }

    @Test("lines that follow each other share one wait, however fast each is written")
    func burst() throws {
        let file = open("/dev/null", O_WRONLY | O_CLOEXEC)
        defer { close(file) }
        let sink = LaneSink(descriptor: file, patience: .milliseconds(1))
        var taken = 0

        let took = ContinuousClock().measure {
            for number in 0..<5000 where sink.offer(line(number)[...]) == .taken(1000) { taken += 1 }
        }

        // Each hand-over alone takes some 20 µs, and 5000 of them 100 ms.
        #expect(taken > 200)
        #expect(took < .seconds(5), "\(took)")
        try wait(for: "the end of the thread's work") { sink.isIdle }
        #expect(sink.losses() == 0)
    }

    @Test("lines that cannot be written are told once")
    func losses() throws {
        let pipe = try Pipe()
        // Its reading end, which nobody can write to.
        let sink = LaneSink(descriptor: pipe.reader)

        for number in 0..<3 { _ = sink.offer(line(number)[...]) }
        try wait(for: "three losses") { sink.isIdle }

        #expect(sink.losses() == 3)
        #expect(sink.losses() == 0)
    }
}
