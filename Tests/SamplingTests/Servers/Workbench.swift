// SPDX-License-Identifier: Apache-2.0

import Glibc
import Outbound
import Synchronization
import Testing
import Threads
import Vitals

@testable import Sampling

/// The machine's monotonic clock, which a test may put forward.
final class ShiftableTime: TimeSource {
    private let offset = Atomic<Int64>(0)

    func advance(by duration: Duration) {
        offset.add(duration.nanoseconds, ordering: .sequentiallyConsistent)
    }

    var now: Instant {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        let nanoseconds = Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
        return Instant(nanoseconds: nanoseconds + offset.load(ordering: .sequentiallyConsistent))
    }

    var wall: WallTime { WallTime(nanoseconds: 0) }
    var sinceBoot: Duration { .zero }
}

/// What the tests with real servers share.
enum Workbench {
    /// Enough that no scripted server waits for a thread.
    static let lanes = Lanes(limit: 256)
    static let isCI = getenv("CI").map { String(cString: $0) } == "true"

    /// Runs what blocks beside the threads of the tests.
    @discardableResult
    static func aside<R: Sendable>(_ body: @escaping @Sendable () throws -> R) async throws -> R {
        try await withCheckedThrowingContinuation { continuation in
            lanes.run { continuation.resume(with: Result { try body() }) }
        }
    }

    /// Tries until a condition holds, usually for at most a minute: servers take their time to start on a busy machine.
    static func wait(
        for what: String, within patience: Duration = .seconds(60), _ condition: () throws -> Bool
    )
        throws
    {
        let time = ShiftableTime()
        let end = time.now + patience
        while try !condition() {
            try #require(time.now < end, "waited in vain for \(what)")
            poll(nil, 0, 10)
        }
    }

    /// A new directory below /tmp, short enough for Unix sockets.
    static func directory(_ kind: String) throws -> String {
        var template = Array("/tmp/vitald-\(kind).XXXXXX".utf8CString)
        let made = try #require(mkdtemp(&template))
        return String(cString: made)
    }

    /// A port of the loopback that nobody listens on.
    static func freePort() throws -> UInt16 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { Glibc.close(descriptor) }
        let any = try #require(HostAddress.literal("127.0.0.1", port: 0))
        try #require(any.withSockaddr { bind(descriptor, $0, $1) } == 0)
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        try #require(code == 0)
        return UInt16(bigEndian: address.sin_port)
    }

    /// Starts a server on a free port; on another one where somebody took it in between.
    static func listening(_ start: (UInt16) throws -> Spawned) throws -> (Spawned, UInt16) {
        var tries = 0
        while true {
            let port = try freePort()
            let process = try start(port)
            if !process.hasEnded { return (process, port) }
            tries += 1
            try #require(tries < 5, "the server ends: \(process.log)")
        }
    }

    /// Whether somebody listens on a Unix socket; its file is there a moment earlier.
    static func listens(_ path: String) -> Bool {
        let time = ShiftableTime()
        let countdown = Countdown(time: time, deadline: time.now + .seconds(1))
        return StreamSocket.failure(connectingTo: .path(path), countdown) == nil
    }

    /// Whether a program is installed.
    static func finds(_ program: String) -> Bool {
        let path = getenv("PATH").map { String(cString: $0) } ?? "/usr/bin:/bin"
        return path.split(separator: ":").contains { access("\($0)/\(program)", X_OK) == 0 }
    }
}

extension Probe {
    /// One attempt, waited for.
    func result(_ time: any TimeSource, timeout: Duration = .seconds(5)) async -> ProbeResult {
        let now = time.now
        let attempt = Attempt(started: now, deadline: now + timeout)
        return await withCheckedContinuation { continuation in
            self.attempt(attempt) { continuation.resume(returning: $0) }
        }
    }
}

extension ProbeResult {
    func value(_ family: String, _ labels: [String: String] = [:]) -> Double? {
        series.first { point in
            point.family.name == family
                && labels.allSatisfy { name, value in
                    point.labels.contains { $0.name == name && $0.value == value }
                }
        }?.value.number
    }

    /// Everything that may be seen of it.
    var everything: String {
        "\(message) \(reason?.code ?? "") \(facts) \(series.map { "\($0.family.name) \($0.labels)" })"
    }
}

/// Reads the configuration of one check, as the daemon does.
func readCheck<Kind: CheckKind>(
    _ kind: Kind.Type, _ json: String, secrets: [String: String] = [:],
    environment: [String: String] = ["SECRET": "CANARY-environment"]
) throws -> (kind: Kind, faults: [String], warnings: [String], shown: String) {
    let surroundings = ConfigurationSurroundings(
        environment: { environment[$0] },
        readSecret: { path in
            guard let secret = secrets[path] else {
                return .failure(.init(fact: "is missing", remedy: "Make it."))
            }
            return .success(secret)
        }, credentialsDirectory: "/credentials", pathExists: { access($0, F_OK) == 0 })
    let document = try JSONDocument(parsing: Array(json.utf8))
    let reading = ConfigurationReading(surroundings: surroundings)
    var object = ConfigurationObject(document.root, path: "checks[0]", reading: reading)
    let made = Kind(reading: &object)
    object.finish()
    return (
        made, reading.faults.map(\.description), reading.warnings,
        String(decoding: object.effectiveJSON, as: UTF8.self)
    )
}
