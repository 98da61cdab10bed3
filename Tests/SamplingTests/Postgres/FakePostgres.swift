// SPDX-License-Identifier: Apache-2.0

import Glibc
import Outbound
import Synchronization
import Testing
import Threads

@testable import Sampling

/// Something that speaks the protocol of Postgres and answers as a test says: what poolers and proxies do.
final class FakePostgres: Sendable {
    enum Reply: Sendable {
        /// One row of one value.
        case row(String)
        /// One row of several values.
        case values([String?])
        /// Done, without rows.
        case done
        case error(String)
        /// An error whose end (ReadyForQuery) comes only with a cancel request.
        case slowError(String)
        /// An error after which the connection is closed.
        case fatal(String)
        case close
        /// Nothing, until a cancel request comes; then 57014, if `isCancellable`.
        case silence

        /// Whether the connection is closed with it.
        var closes: Bool {
            switch self {
            case .fatal, .close: true
            default: false
            }
        }
    }

    /// What it does.
    struct Behaviour: Sendable {
        /// The answer to the start parameters.
        var start: @Sendable ([String: String]) -> Reply = { _ in .done }
        /// The answer to limits that go along with a query; `.done` takes them.
        var limits: Reply = .done
        /// The answer to a query of the nth connection (from 0), without its limits.
        var query: @Sendable (_ connection: Int, _ text: String) -> Reply
        /// The process that it says it is; 1 tells the truth, as a server without a pooler does.
        var backend: UInt32 = 1
        var isCancellable = true
        /// Whether cancel requests are taken and not let go of: then PQcancel does not return.
        var holdsCancels = false
        /// How many of the first connections get no answer to their start parameters.
        var silentStarts = 0
    }

    private struct State {
        var starts: [[String: String]] = []
        var queries: [String] = []
        var cancels = 0
        var heldCancels = 0
        var open = 0
        var mostOpen = 0
        var isCancelled = false
        var isReleased = false
    }

    let port: UInt16
    private let listener: Int32
    private let state = Mutex(State())

    init(_ behaviour: Behaviour) throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        self.listener = listener
        let any = try #require(HostAddress.literal("127.0.0.1", port: 0))
        try #require(any.withSockaddr { bind(listener, $0, $1) } == 0)
        try #require(listen(listener, 64) == 0)
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(listener, $0, &length) }
        }
        try #require(code == 0)
        port = UInt16(bigEndian: address.sin_port)
        Workbench.lanes.run { [weak self] in
            while true {
                let client = accept(listener, nil, nil)
                guard client >= 0 else { return }
                guard let self else {
                    Glibc.close(client)
                    return
                }
                Workbench.lanes.run { self.serve(client, behaviour) }
            }
        }
    }

    deinit {
        // Wakes accept(2), which close(2) does not.
        shutdown(listener, Int32(SHUT_RDWR))
        Glibc.close(listener)
    }

    var url: String { "postgresql://v@127.0.0.1:\(port)/d?sslmode=disable" }

    var starts: [[String: String]] { state.withLock { $0.starts } }
    /// The queries so far, limits and all.
    var queries: [String] { state.withLock { $0.queries } }
    var cancels: Int { state.withLock { $0.cancels } }
    /// Cancel requests that wait for an answer now.
    var heldCancels: Int { state.withLock { $0.heldCancels } }
    /// The most connections that were let in at once.
    var mostOpen: Int { state.withLock { $0.mostOpen } }
    /// Answers what was left without an answer.
    func release() { state.withLock { $0.isReleased = true } }

    /// `SET LOCAL …;SET LOCAL …;`, where it is there, and the query behind it.
    static func split(_ text: String) -> (hasLimits: Bool, query: String) {
        let parts = text.split(separator: ";", maxSplits: 2)
        guard parts.count == 3, parts[0].hasPrefix("SET LOCAL statement_timeout=") else {
            return (false, text)
        }
        return (true, String(parts[2]))
    }

    // MARK: - One connection

    private func serve(_ client: Int32, _ behaviour: Behaviour) {
        defer { Glibc.close(client) }
        guard let parameters = readStart(client, behaviour) else { return }
        let number = state.withLock { state in
            state.starts.append(parameters)
            return state.starts.count - 1
        }
        guard number >= behaviour.silentStarts else {
            _ = readMessage(client)
            return
        }
        switch behaviour.start(parameters) {
        case .error(let code), .fatal(let code):
            send(client, Self.error(code, "FATAL"))
            return
        case .close: return
        case .silence:
            _ = readMessage(client)
            return
        case .row, .values, .done, .slowError: break
        }
        state.withLock { state in
            state.open += 1
            state.mostOpen = max(state.mostOpen, state.open)
        }
        defer { state.withLock { $0.open -= 1 } }
        send(
            client,
            Self.message("R", [0, 0, 0, 0])
                + Self.message("S", Array("server_version\u{0}15.1\u{0}".utf8))
                + Self.message("K", Self.integer(behaviour.backend) + [0, 0, 0, 7]) + Self.ready)
        while let (type, body) = readMessage(client), type == UInt8(ascii: "Q") {
            let text = String(decoding: body.dropLast(), as: UTF8.self)
            state.withLock { $0.queries.append(text) }
            let (hasLimits, query) = Self.split(text)
            var reply = behaviour.query(number, query)
            if hasLimits {
                if case .done = behaviour.limits {
                    send(client, Self.complete("SET") + Self.complete("SET"))
                } else {
                    reply = behaviour.limits
                }
            }
            guard answer(client, reply, behaviour) else { return }
        }
    }

    private func answer(_ client: Int32, _ reply: Reply, _ behaviour: Behaviour) -> Bool {
        switch reply {
        case .row(let value): send(client, Self.rows([value]) + Self.ready)
        case .values(let values): send(client, Self.rows(values) + Self.ready)
        case .done: send(client, Self.complete("OK") + Self.ready)
        case .error(let code): send(client, Self.error(code, "ERROR") + Self.ready)
        case .fatal(let code):
            send(client, Self.error(code, "FATAL"))
            return false
        case .close: return false
        case .silence, .slowError:
            if case .slowError(let code) = reply { send(client, Self.error(code, "ERROR")) }
            while true {
                var entry = pollfd(fd: client, events: Int16(POLLIN), revents: 0)
                if poll(&entry, 1, 5) > 0 { return false }
                let (cancelled, released) = state.withLock { state in
                    let cancelled = state.isCancelled && behaviour.isCancellable
                    if cancelled { state.isCancelled = false }
                    return (cancelled, state.isReleased)
                }
                guard cancelled || released else { continue }
                if case .silence = reply {
                    send(client, cancelled ? Self.error("57014", "ERROR") : Self.rows(["1"]))
                }
                send(client, Self.ready)
                return true
            }
        }
        return true
    }

    /// The start parameters; nil after a cancel request.
    private func readStart(_ client: Int32, _ behaviour: Behaviour) -> [String: String]? {
        while let head = readBytes(client, 4) {
            guard let body = readBytes(client, Int(Self.number(head)) - 4), body.count >= 4 else {
                return nil
            }
            switch Self.number(Array(body[..<4])) {
            case 80_877_103, 80_877_104: send(client, [UInt8(ascii: "N")])
            case 80_877_102:
                state.withLock { state in
                    state.cancels += 1
                    state.isCancelled = true
                }
                if behaviour.holdsCancels { hold() }
                return nil
            default:
                let words = body.dropFirst(4).split(separator: 0, omittingEmptySubsequences: false)
                    .map { String(decoding: $0, as: UTF8.self) }
                var parameters: [String: String] = [:]
                var index = 0
                while index + 1 < words.count, !words[index].isEmpty {
                    parameters[words[index]] = words[index + 1]
                    index += 2
                }
                return parameters
            }
        }
        return nil
    }

    /// Waits for `release()`.
    private func hold() {
        state.withLock { $0.heldCancels += 1 }
        while !state.withLock({ $0.isReleased }) { poll(nil, 0, 5) }
        state.withLock { $0.heldCancels -= 1 }
    }

    private func readMessage(_ client: Int32) -> (UInt8, [UInt8])? {
        guard let head = readBytes(client, 5) else { return nil }
        return readBytes(client, Int(Self.number(Array(head[1...]))) - 4).map { (head[0], $0) }
    }

    private func readBytes(_ client: Int32, _ count: Int) -> [UInt8]? {
        guard count >= 0, count < 1 << 16 else { return nil }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while bytes.count < count {
            let got = read(client, &buffer, min(buffer.count, count - bytes.count))
            guard got > 0 else { return nil }
            bytes += buffer[..<got]
        }
        return bytes
    }

    private func send(_ client: Int32, _ bytes: [UInt8]) {
        _ = Glibc.send(client, bytes, bytes.count, Int32(clamping: MSG_NOSIGNAL))
    }

    // MARK: - Messages

    private static let ready = message("Z", [UInt8(ascii: "I")])

    private static func number(_ bytes: [UInt8]) -> UInt32 { bytes.reduce(0) { $0 << 8 | UInt32($1) } }

    private static func integer(_ number: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
    }

    private static func message(_ type: Unicode.Scalar, _ body: [UInt8]) -> [UInt8] {
        [UInt8(ascii: type)] + integer(UInt32(body.count + 4)) + body
    }

    private static func complete(_ tag: String) -> [UInt8] { message("C", Array(tag.utf8) + [0]) }

    private static func error(_ code: String, _ severity: String) -> [UInt8] {
        message("E", Array("S\(severity)\u{0}V\(severity)\u{0}C\(code)\u{0}MCANARY no\u{0}\u{0}".utf8))
    }

    private static func rows(_ values: [String?]) -> [UInt8] {
        let count: [UInt8] = [0, UInt8(values.count)]
        let number: [UInt8] = [0, 0, 0, 0, 0, 0]
        let type: [UInt8] = [0, 0, 0, 25, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0]
        let column: [UInt8] = Array("c\u{0}".utf8) + number + type
        let null: [UInt8] = [0xFF, 0xFF, 0xFF, 0xFF]
        var columns = count
        var fields = count
        for value in values {
            columns += column
            fields += value.map { integer(UInt32($0.utf8.count)) + Array($0.utf8) } ?? null
        }
        return message("T", columns) + message("D", fields) + complete("SELECT 1")
    }
}
