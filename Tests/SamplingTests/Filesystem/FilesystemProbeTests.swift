// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore
import Synchronization
import Testing
import Threads
import Vitals

@testable import Sampling

/// The probe with real files, real processes and real threads. The helper program is a script that keeps a diary of
/// its starts, and hangs while there is a file `hang`, until a line comes through the pipe `door`.
@Suite struct FilesystemProbeTests {
    private static let local = "1 0 254:0 / / rw - ext4 /dev/vda rw\n"
    private static let remote = local + "2 1 0:50 / /net rw - nfs4 server:/x rw\n"
    private static let script = """
        #!/bin/bash
        echo "$$ $1 $(env | grep -c -e NOTIFY -e WATCHDOG) $(ls /proc/$$/fd | wc -l)" >> DIRECTORY/diary
        while read -r number verb path; do
            [ -e DIRECTORY/die ] && exit 3
            [ -e DIRECTORY/babble ] && { echo nonsense; continue; }
            [ -e DIRECTORY/hang ] && read -r _ < DIRECTORY/door
            echo "$number size 1000 500 10 5 $([ $verb = write ] && echo 0 || echo -)"
        done

        """

    private func bench(mounts: String = remote, lanes: Int = 8) throws -> ProbeBench {
        let bench = try ProbeBench(helper: "DIRECTORY/helper", lanes: lanes)
        try bench.write("helper", Self.script.replacing("DIRECTORY", with: bench.directory), mode: 0o755)
        mkfifo(bench.directory + "/door", 0o600)
        try bench.mounts(mounts)
        return bench
    }

    private func probe(_ bench: ProbeBench, _ path: String, _ keys: String = "") throws -> any Probe {
        let (kind, faults) = try reading(FilesystemKind.self, #"{"path":"\#(path)"\#(keys)}"#)
        #expect(faults.isEmpty)
        return kind.makeProbe(CheckDefinition(name: "x", type: "filesystem"), bench.context)
    }

    private func diary(_ bench: ProbeBench) -> [String] {
        guard let file = fopen(bench.directory + "/diary", "r") else { return [] }
        defer { fclose(file) }
        var lines: [String] = []
        var line = [CChar](repeating: 0, count: 200)
        while fgets(&line, 200, file) != nil {
            let bytes = line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
            lines.append(String(decoding: bytes, as: UTF8.self))
        }
        return lines
    }

    @Test("a local path is measured as statvfs has it, without a helper")
    func local() async throws {
        let bench = try bench(mounts: Self.local)
        let truth = try FilesystemSize(of: bench.directory)

        let result = await bench.run(
            try probe(bench, bench.directory, #","warnFreePercent":0,"failFreePercent":0"#))

        #expect(result.outcome == .pass)
        #expect(result.fact("total_bytes") == .integer(Int64(truth.total)))
        #expect(result.duration > .zero)
        #expect(diary(bench).isEmpty)
    }

    @Test("a missing path fails, an automount is left alone, a missing table is said")
    func verdictsBeforeMeasuring() async throws {
        let bench = try bench(mounts: Self.local + "9 1 0:61 / /auto rw - autofs systemd-1 rw\n")

        #expect(await bench.run(try probe(bench, "/nonexistent/x")).reason == "path.missing")
        let automount = await bench.run(try probe(bench, "/auto/home"))
        #expect(automount.outcome == .unknown)
        #expect(automount.reason == "automount")
        try bench.write("proc/self/mountinfo", "")
        #expect(await bench.run(try probe(bench, "/")).reason == "inconclusive.mounts")
        #expect(diary(bench).isEmpty)
    }

    @Test(
        "a network path is measured by one helper that stays, with a clean environment and no descriptors of ours"
    )
    func remote() async throws {
        let bench = try bench()
        let probe = try self.probe(bench, "/net/data")

        for _ in 0..<3 {
            let result = await bench.run(probe)
            #expect(result.outcome == .pass)
            #expect(result.fact("total_bytes") == .integer(1000))
            #expect(result.fact("filesystem_type") == .text("nfs4"))
        }

        #expect(bench.context.helpers.count == 1)
        let starts = diary(bench)
        #expect(starts.count == 1)
        #expect(starts.first?.contains(" --statvfs-helper 0 ") == true)
    }

    @Test("writing is tried through the helper even on a local disk")
    func writable() async throws {
        let bench = try bench(mounts: Self.local)

        let result = await bench.run(try probe(bench, bench.directory, #","writable":true"#))

        #expect(result.outcome == .pass)
        #expect(result.fact("writable") == .boolean(true))
        #expect(diary(bench).count == 1)
    }

    @Test(
        "a hanging mount is stuck since the first time, costs one process at a time, and heals when it answers"
    )
    func hanging() async throws {
        let bench = try bench()
        let probe = try self.probe(bench, "/net")
        let other = try self.probe(bench, "/net/other")
        #expect(await bench.run(probe).outcome == .pass)
        try bench.write("hang", "")

        let first = await bench.run(probe, within: .seconds(2))
        #expect(first.outcome == .unknown)
        #expect(first.reason == "stuck")
        let since = try #require(first.fact("stuck_since"))
        for _ in 0..<3 {
            let next = await bench.run(probe, within: .seconds(5))
            #expect(next.reason == "stuck")
            #expect(next.fact("stuck_since") == since)
            #expect(bench.context.helpers.count <= 2)
        }
        #expect(await bench.run(other, within: .seconds(5)).outcome == .unknown)

        unlink(bench.directory + "/hang")
        var healed = await bench.run(probe)
        // The last helper may be dying still, and a busy machine takes its time to start the next one.
        let end = bench.time.now + .seconds(20)
        while healed.outcome == .unknown, bench.time.now < end {
            try await Workbench.aside { poll(nil, 0, 10) }
            healed = await bench.run(probe)
        }
        #expect(healed.outcome == .pass)
    }

    @Test("killed helpers are reaped and idle ones ended, so that no zombie and no descriptor is left")
    func leavesNothing() async throws {
        let bench = try bench()
        let helpers = FilesystemHelpers(
            program: bench.context.helperProgram, lanes: bench.lanes, time: bench.time,
            timers: bench.context.eventLoop, idleLimit: .milliseconds(50))
        try bench.write("hang", "")
        for mount in ["a", "b"] {
            _ = await ask(helpers, mount, bench, .milliseconds(100))
        }
        unlink(bench.directory + "/hang")
        _ = await ask(helpers, "c", bench, .seconds(20))

        #expect(await bench.waits { helpers.count == 0 })

        let pids = diary(bench).compactMap { $0.split(separator: " ").first.flatMap { pid_t($0) } }
        #expect(pids.count >= 1)
        for pid in pids { #expect(kill(pid, 0) == -1 && errno == ESRCH, "\(pid) is still there") }
    }

    @Test("no more than four processes at once; the fifth mount waits, then says why")
    func cap() async throws {
        let bench = try bench()
        let helpers = bench.context.helpers
        try bench.write("hang", "")

        let answers = await withTaskGroup(of: FilesystemHelpers.Answer.self) { group in
            for i in 0..<4 { group.addTask { await ask(helpers, "m\(i)", bench, .seconds(6)) } }
            #expect(await bench.waits { helpers.count == 4 })
            let fifth = await ask(helpers, "m5", bench, .milliseconds(100))
            guard case .taken = fifth else {
                Issue.record("the fifth got \(fifth)")
                return [FilesystemHelpers.Answer]()
            }
            #expect(helpers.count == 4)
            return await group.reduce(into: []) { $0.append($1) }
        }

        #expect(answers.count == 4)
        for answer in answers {
            guard case .stuck = answer else {
                Issue.record("one got \(answer)")
                continue
            }
        }
        #expect(await bench.waits { helpers.count == 0 })
    }

    @Test("a waiting call goes on as soon as a helper is free")
    func waiting() async throws {
        let bench = try bench()

        let answers = await withTaskGroup(of: FilesystemHelpers.Answer.self) { group in
            for i in 0..<40 {
                group.addTask { await ask(bench.context.helpers, "m\(i % 7)", bench, .seconds(20)) }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }

        #expect(answers.count == 40)
        for answer in answers {
            guard case .found = answer else {
                Issue.record("one got \(answer)")
                continue
            }
        }
        #expect(diary(bench).count <= 4)
    }

    @Test("a helper that dies or babbles is replaced, and one that cannot start is named")
    func broken() async throws {
        let bench = try bench()
        let probe = try self.probe(bench, "/net")

        try bench.write("die", "")
        let died = await bench.run(probe)
        #expect(died.outcome == .unknown)
        #expect(died.reason == "inconclusive.helpers")
        unlink(bench.directory + "/die")
        #expect(await bench.run(probe).outcome == .pass)
        try bench.write("babble", "")
        #expect(await bench.run(probe).reason == "inconclusive.helpers")
        unlink(bench.directory + "/babble")
        #expect(await bench.run(probe).outcome == .pass)

        let none = try ProbeBench()
        try none.mounts(Self.remote)
        let result = await none.run(try self.probe(none, "/net"))
        #expect(result.message.contains("/nonexistent/vitald cannot be started: No such file or directory"))
    }

    @Test("a reload of thresholds alone does not make a mount stuck only since then")
    func reload() async throws {
        let bench = try bench()
        let probe = try self.probe(bench, "/net")
        try bench.write("hang", "")
        let first = await bench.run(probe, within: .seconds(2))
        let since = try #require(first.fact("stuck_since"))
        let (kind, _) = try reading(FilesystemKind.self, #"{"path":"/net","warnFreePercent":50}"#)
        let definition = CheckDefinition(name: "room", type: "filesystem")

        let new = kind.makeProbe(definition, bench.context, following: probe)
        probe.close()
        #expect(await bench.waits { Fact.Value.text(bench.time.wall.rfc3339) != since })
        let second = await bench.run(new, within: .seconds(2))

        #expect(second.reason == "stuck")
        #expect(second.fact("stuck_since") == since)
        new.close()
        #expect(await bench.waits { bench.context.helpers.count == 0 }, "both helpers are killed and reaped")
    }

    @Test("a call that hangs on a lane is answered for, once per attempt, until it comes back")
    func stuckLane() async throws {
        let bench = try bench(mounts: Self.local)
        let (kind, _) = try reading(FilesystemKind.self, #"{"path":"/"}"#)
        let calls = Counter()
        let door = bench.directory + "/door"
        let probe = FilesystemProbe(kind, bench.context) { _ in
            if calls.next() == 1 { close(open(door, O_RDONLY)) }  // waits for whoever opens the other end
            let size = FilesystemSize(unit: 1, blocks: 100, available: 50, files: 0, freeFiles: 0)
            return FilesystemFinding(size: .success(size))
        }

        let first = await bench.run(probe, within: .seconds(2))
        #expect(first.reason == "stuck")
        let second = await bench.run(probe)
        #expect(second.fact("stuck_since") == first.fact("stuck_since"))
        #expect(calls.value == 1)
        close(open(door, O_WRONLY))

        #expect(await bench.waits { bench.lanes.working == 0 })
        #expect(await bench.run(probe).outcome == .pass)
        #expect(calls.value == 2)
    }

    @Test("without a free lane an attempt is unknown, and the next takes the same place in the queue")
    func noLane() async throws {
        let bench = try bench(mounts: Self.local, lanes: 1)
        let door = bench.directory + "/door"
        bench.lanes.run { close(open(door, O_RDONLY)) }
        let probe = try self.probe(bench, bench.directory, #","warnFreePercent":0,"failFreePercent":0"#)

        for _ in 0..<3 {
            let result = await bench.run(probe, within: .milliseconds(50))
            #expect(result.outcome == .unknown)
            #expect(result.reason == "inconclusive.lanes")
            #expect(result.message.hasPrefix("all worker threads were busy "), "\(result.message)")
            #expect(result.message.hasSuffix(": other checks are blocked"), "\(result.message)")
        }
        async let last = bench.run(probe)
        close(open(door, O_WRONLY))

        #expect(await last.outcome == .pass)
    }
}

private func ask(_ helpers: FilesystemHelpers, _ mount: String, _ bench: ProbeBench, _ timeout: Duration)
    async
    -> FilesystemHelpers.Answer
{
    await withCheckedContinuation { continuation in
        let attempt = Attempt(started: bench.time.now, deadline: bench.time.now + timeout)
        bench.context.eventLoop.scheduleTask(in: .nanoseconds(timeout.nanoseconds + 1_000_000)) {
            helpers.giveUpOverdue()
        }
        bench.lanes.run {
            helpers.ask(.size, "/\(mount)", on: mount, attempt) { continuation.resume(returning: $0) }
        }
    }
}

private final class Counter: Sendable {
    private let count = Mutex(0)
    func next() -> Int {
        count.withLock {
            $0 += 1
            return $0
        }
    }
    var value: Int { count.withLock { $0 } }
}
