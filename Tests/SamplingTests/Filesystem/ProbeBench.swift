// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore
import NIOPosix
import Synchronization
import TestSupport
import Threads
import Vitals

@testable import Sampling

/// Everything a probe needs, for one test: a temporary directory with a procfs in it, a sampler that says what the
/// test wants, real clocks and real threads.
final class ProbeBench: Sendable {
    let directory: String
    let kernel = ScriptedKernel()
    let time = BenchTime()
    let lanes: Lanes
    let context: ProbeContext
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)

    init(helper: String = "/nonexistent/vitald", lanes: Int = Lanes.defaultLimit) throws {
        var template = Array("/tmp/vitald-checks-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemError(errno) }
        directory = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        self.lanes = Lanes(limit: lanes)
        context = ProbeContext(
            time: time, lanes: self.lanes, eventLoop: group.next(), kernel: kernel,
            procRoot: directory + "/proc",
            helperProgram: helper.replacing("DIRECTORY", with: directory))
        for path in ["/proc", "/proc/self", "/proc/1"] { mkdir(directory + path, 0o755) }
    }

    deinit {
        context.helpers.close()
        LoopGroups.retire(group)
        Self.remove(directory)
    }

    func write(_ name: String, _ text: String, mode: mode_t = 0o644) throws {
        let file = open(directory + "/" + name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
        guard file >= 0 else { throw SystemError(errno) }
        defer { close(file) }
        let bytes = Array(text.utf8)
        guard Glibc.write(file, bytes, bytes.count) == bytes.count else { throw SystemError(errno) }
    }

    /// Says what is mounted, for vitald and for pid 1.
    func mounts(_ own: String, first: String? = nil) throws {
        try write("proc/self/mountinfo", own.replacing("DIRECTORY", with: directory))
        try write("proc/1/mountinfo", (first ?? own).replacing("DIRECTORY", with: directory))
    }

    func run(_ probe: any Probe, within timeout: Duration = .seconds(20)) async -> ProbeResult {
        await withCheckedContinuation { continuation in
            let attempt = Attempt(started: time.now, deadline: time.now + timeout)
            probe.attempt(attempt) { continuation.resume(returning: $0) }
        }
    }

    /// Waits until something is true, a few milliseconds at a time; false after 20 s.
    func waits(until condition: () -> Bool) async -> Bool {
        let end = time.now + .seconds(20)
        while !condition() {
            if time.now > end { return false }
            try? await group.next().scheduleTask(in: .milliseconds(5)) {}.futureResult.get()
        }
        return true
    }

    private static func remove(_ path: String) {
        if let entries = opendir(path) {
            while let entry = readdir(entries) {
                let name = withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                if name == "." || name == ".." { continue }
                if unlink(path + "/" + name) != 0 { remove(path + "/" + name) }
            }
            closedir(entries)
        }
        rmdir(path)
    }
}

/// The real clocks.
struct BenchTime: TimeSource {
    var now: Instant { Instant(nanoseconds: Self.read(CLOCK_MONOTONIC)) }
    var wall: WallTime { WallTime(nanoseconds: Self.read(CLOCK_REALTIME)) }
    var sinceBoot: Duration { .nanoseconds(Self.read(CLOCK_BOOTTIME)) }

    private static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}

/// A sampler that answers what the test says, or keeps the question.
final class ScriptedKernel: KernelReading {
    struct Script: Sendable {
        var host = HostFigures()
        var own: ContainerFigures?
        var containers: [ContainerFigures] = []
        var unmeasured: [Unmeasured] = []
        var hasPressure = false
        var isSilent = false
        var questions = 0
        var kept: [@Sendable () -> Void] = []

        func answer(_ containers: [ContainerFigures]) -> ContainerAnswer {
            ContainerAnswer(containers, unmeasured: unmeasured, hasPressure: hasPressure)
        }
    }

    let script = Mutex(Script())

    func withSheet(_ use: @escaping @Sendable (borrowing Sheet) -> Void) { use(Sheet()) }
    func host(_ use: @escaping @Sendable (HostFigures) -> Void) {
        answer { [self] in use(script.withLock { $0.host }) }
    }
    func own(_ use: @escaping @Sendable (ContainerAnswer) -> Void) {
        answer { [self] in use(script.withLock { $0.answer($0.own.map { [$0] } ?? []) }) }
    }
    func containers(_ selection: Selection, _ use: @escaping @Sendable (ContainerAnswer) -> Void) {
        answer { [self] in
            use(script.withLock { $0.answer($0.containers.filter { selection.picks($0.identity) }) })
        }
    }

    /// Answers the questions kept so far, and all that follow.
    func speak() {
        let kept = script.withLock { script in
            script.isSilent = false
            defer { script.kept = [] }
            return script.kept
        }
        for answer in kept { answer() }
    }

    private func answer(_ give: @escaping @Sendable () -> Void) {
        let isSilent = script.withLock { script in
            script.questions += 1
            if script.isSilent { script.kept.append(give) }
            return script.isSilent
        }
        if !isSilent { give() }
    }
}

extension String {
    func replacing(_ word: String, with other: String) -> String {
        var out = ""
        var rest = Substring(self)
        while !rest.isEmpty {
            if rest.hasPrefix(word) {
                out += other
                rest = rest.dropFirst(word.count)
            } else {
                out.append(rest.removeFirst())
            }
        }
        return out
    }
}

/// Reads one check's keys; returns the kind and the faults.
func reading<Kind: CheckKind>(_ kind: Kind.Type, _ json: String) throws -> (Kind, [String]) {
    let gathering = ConfigurationReading(surroundings: .none)
    let document = try JSONDocument(parsing: Array(json.utf8))
    var object = ConfigurationObject(document.root, path: "checks[0]", reading: gathering)
    let result = Kind(reading: &object)
    object.finish()
    return (result, gathering.faults.map(\.description))
}
