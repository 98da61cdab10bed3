// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

/// Waiting, always for something and never for ever.
enum Wait {
    /// What a machine that is busy with other work may need; a condition that never comes fails after it.
    static let patience = Duration.seconds(20)

    /// Runs what blocks on a thread of its own, so that waiting tests do not hold up the others.
    static func apart<R: Sendable>(_ body: @escaping @Sendable () throws -> R) async throws -> R {
        try await withCheckedThrowingContinuation { continuation in
            let job = Unmanaged.passRetained(Job { continuation.resume(with: Result { try body() }) })
            var thread = pthread_t()
            let code = pthread_create(
                &thread, nil,
                { pointer in
                    guard let pointer else { return nil }
                    pthread_detach(pthread_self())
                    Unmanaged<Job>.fromOpaque(pointer).takeRetainedValue().body()
                    return nil
                }, job.toOpaque())
            if code != 0 {
                job.release()
                continuation.resume(throwing: ShippedFault("no thread: \(code)"))
            }
        }
    }

    /// Looks until the condition holds; fails with what was waited for, as it is told then.
    static func until(
        _ what: @autoclosure () async -> String, within limit: Duration = patience,
        _ condition: () async throws -> Bool
    ) async throws {
        let end = ContinuousClock.now + limit
        // Other tests may hold all threads of the pool: time that passed without a look says nothing.
        var looks = 0
        while true {
            if try await condition() { return }
            looks += 1
            guard ContinuousClock.now < end || looks < 25 else {
                throw ShippedFault("waited in vain for \(await what())")
            }
            try await apart { _ = poll(nil, 0, 20) }
        }
    }

    /// Looks until there is a value.
    static func value<Value>(
        _ what: @autoclosure () async -> String, within limit: Duration = patience,
        _ look: () async throws -> Value?
    ) async throws -> Value {
        var found: Value?
        try await until(await what(), within: limit) {
            found = try await look()
            return found != nil
        }
        return try #require(found)
    }

    private final class Job {
        let body: () -> Void
        init(_ body: @escaping () -> Void) { self.body = body }
    }
}

/// Why a test could not go on.
struct ShippedFault: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
