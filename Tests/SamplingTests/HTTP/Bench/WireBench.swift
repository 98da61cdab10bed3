// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore
import NIOPosix
import Sampling
import Synchronization
import TestSupport
import Testing
import Threads
import Vitals

/// A probe on its bench: a configuration, an event loop as the daemon's, and attempts that a test waits for.
final class WireBench: Sendable {
    let time = WireTime()
    let lanes: Lanes
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let probe: any Probe
    private let server: WireServer?

    /// Makes the probe of a configuration that must be without faults; `keeping` lives as long as the bench.
    init(
        _ json: String, keeping server: WireServer? = nil, interval: Duration = .seconds(10),
        lanes limit: Int = Lanes.defaultLimit,
        readSecret: @escaping @Sendable (String) -> String? = { _ in nil },
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        self.server = server
        lanes = Lanes(limit: limit)
        let (kind, reading) = try Self.read(json, readSecret: readSecret)
        #expect(reading.faults.map(\.description) == [], sourceLocation: sourceLocation)
        let active = try #require(kind as? any ProbeKind)
        var definition = CheckDefinition(name: "probed", type: "http")
        definition.interval = interval
        probe = active.makeProbe(
            definition,
            ProbeContext(
                time: time, lanes: lanes, eventLoop: group.next(), kernel: WireKernel(), procRoot: "/proc",
                helperProgram: ""))
    }

    deinit {
        probe.close()
        LoopGroups.retire(group)
    }

    /// One attempt, waited for; a probe that does not answer soon after its deadline fails the test.
    ///
    /// `during` is done while it is under way.
    func attempt(
        timeout: Duration = .seconds(5), sourceLocation: SourceLocation = #_sourceLocation,
        during: (Attempt) throws -> Void = { _ in }
    ) throws -> ProbeResult {
        let answer = Awaited<ProbeResult>()
        let started = time.now
        let attempt = Attempt(started: started, deadline: started + timeout)
        probe.attempt(attempt) { answer.fulfil($0) }
        try during(attempt)
        let result = try #require(
            answer.value(within: timeout + .seconds(5)), "the probe does not answer",
            sourceLocation: sourceLocation)
        // Two busy cores may be late by a good deal; an attempt without a deadline is late by more.
        #expect(result.duration < timeout + .seconds(3), sourceLocation: sourceLocation)
        return result
    }

    /// Closes the probe.
    func close() { probe.close() }

    /// Reads the configuration of one check: the kind, and what was found wrong or worth a warning.
    static func read(
        _ json: String, environment: [String: String] = [:],
        readSecret: @escaping @Sendable (String) -> String? = { _ in nil }
    ) throws -> (kind: any CheckKind, reading: ConfigurationReading) {
        let document = try JSONDocument(parsing: Array(json.utf8))
        let reading = ConfigurationReading(
            surroundings: ConfigurationSurroundings(
                environment: { environment[$0] },
                readSecret: { path in
                    readSecret(path).map { .success($0) }
                        ?? .failure(.init(fact: "\(path) cannot be read", remedy: "Check it."))
                }, pathExists: { access($0, F_OK) == 0 }))
        var object = ConfigurationObject(document.root, path: "checks[0]", reading: reading)
        let word = document.root["type"]?.string
        let type = try #require(ProbeCatalog.all.first { $0.type == word })
        _ = object.raw("type")
        let kind = type.init(reading: &object)
        object.finish()
        // What is shown as effective must not hold a secret either; tests look for it among the warnings' peers.
        reading.warn("effective " + String(decoding: object.effectiveJSON, as: UTF8.self))
        return (kind, reading)
    }
}

extension ProbeResult {
    /// The number of a sample; nil where there is none.
    func sample(_ family: String, _ label: String? = nil) -> Double? {
        series.first { $0.family.name == family && (label == nil || $0.labels.first?.value == label) }?
            .value.number
    }
}
