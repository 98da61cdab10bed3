// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization
import TestSupport

/// Listens as the service manager does, and remembers when what was said.
final class NotifySocket: Sendable {
    struct Message: Sendable {
        let at: ContinuousClock.Instant
        let text: String

        var isBeat: Bool { text == "WATCHDOG=1" }
    }

    private let state: Ears

    /// What the reading thread holds; it ends when this is released by the test.
    private final class Ears: @unchecked Sendable {  // the reader is used by the one thread only
        let reader: DatagramReader
        let messages = Mutex<[Message]>([])
        let isDone = Atomic(false)

        init() throws { reader = try DatagramReader() }
    }

    let path: String
    private let thread: pthread_t

    init() throws {
        let ears = try Ears()
        state = ears
        path = ears.reader.path
        let retained = Unmanaged.passRetained(ears)
        var thread = pthread_t()
        let code = pthread_create(
            &thread, nil,
            { pointer in
                guard let pointer else { return nil }
                let ears = Unmanaged<Ears>.fromOpaque(pointer).takeRetainedValue()
                while !ears.isDone.load(ordering: .acquiring) {
                    guard let text = ears.reader.next(within: 100) else { continue }
                    let message = Message(at: .now, text: text)
                    ears.messages.withLock { $0.append(message) }
                }
                return nil
            }, retained.toOpaque())
        guard code == 0 else {
            retained.release()
            throw ShippedFault("no thread: \(code)")
        }
        self.thread = thread
    }

    deinit {
        state.isDone.store(true, ordering: .releasing)
        pthread_join(thread, nil)
    }

    /// Lets other users speak to it.
    func openToAll() throws {
        let directory = path[..<(path.lastIndex(of: "/") ?? path.startIndex)]
        guard chmod(String(directory), 0o711) == 0, chmod(path, 0o666) == 0 else {
            throw ShippedFault("\(path) cannot be opened to others")
        }
    }

    /// All that was said so far.
    var messages: [Message] { state.messages.withLock { $0 } }
    /// All but the beats.
    var states: [String] { messages.filter { !$0.isBeat }.map(\.text) }
    var beats: [ContinuousClock.Instant] { messages.filter(\.isBeat).map(\.at) }

    /// Waits for a state that begins like this, among those after the first `skipping`.
    func state(_ beginning: String, after skipping: Int = 0) async throws -> String {
        try await Wait.value("\(beginning); so far: \(states)") {
            states.dropFirst(skipping).first { $0.hasPrefix(beginning) }
        }
    }
}
