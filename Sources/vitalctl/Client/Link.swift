// SPDX-License-Identifier: Apache-2.0

import Glibc
import Vitals

/// A connection to vitald: blocking, with a deadline on every step.
final class Link {
    /// How long an answer may take: vitald answers from memory, so longer means that it is stuck.
    static let patience = Duration.seconds(10)
    /// How long `reload` may take, and `checks.run` beside the attempt itself.
    static let longPatience = Duration.seconds(120)
    /// The longest answer that is taken: the metrics of a full host are some tens of MiB.
    static let longestAnswer = 256 * 1_048_576

    /// The path that answered.
    let path: String
    private let descriptor: CInt
    private var pending: [UInt8] = []
    private var searched = 0
    private var lastID: Int64 = 0
    /// Events that came while an answer was awaited.
    private var events: [JSONValue] = []

    private init(path: String, descriptor: CInt) {
        self.path = path
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// Connects to the first place where vitald answers.
    static func open(_ places: [String]) throws(Failure) -> Link {
        var attempts: [Failure.Attempt] = []
        for path in places {
            switch connect(path) {
            case .success(let descriptor): return Link(path: path, descriptor: descriptor)
            case .failure(let code):
                attempts.append(
                    Failure.Attempt(
                        path: path, code: code.number, text: code.text,
                        isMissing: code.number == ENOENT || code.number == ENOTDIR,
                        isForbidden: code.number == EACCES))
            }
        }
        throw .notFound(attempts)
    }

    /// Calls a method and waits for its answer; events that come first are kept for `nextEvent`.
    func call(
        _ method: SocketMethod, patience: Duration = Link.patience,
        _ parameters: ((inout JSONWriter) -> Void)? = nil
    ) throws(Failure) -> JSONValue {
        lastID += 1
        let deadline = Clock.now + patience
        try send(method.call(id: lastID, parameters), by: deadline)
        while true {
            let message = try receive(by: deadline, awaiting: method.name)
            if message["method"] != nil {
                events.append(message)
                continue
            }
            if let error = message["error"] {
                // An error without id is for the connection itself: too many of them, no role.
                guard message["id"]?.integer == lastID || message["id"]?.isNull == true else { continue }
                throw .refused(SocketFault(reading: error))
            }
            guard message["id"]?.integer == lastID, let result = message["result"] else { continue }
            return result
        }
    }

    /// The parameters of the next event; nil when none came until the deadline.
    func nextEvent(by deadline: Instant) throws(Failure) -> JSONValue? {
        while true {
            if !events.isEmpty { return events.removeFirst()["params"] }
            guard let line = try line(by: deadline) else { return nil }
            guard let message = try? JSONDocument(parsing: line).root else { continue }
            if message["method"]?.isString("event") == true { return message["params"] }
        }
    }

    private func receive(by deadline: Instant, awaiting method: String) throws(Failure) -> JSONValue {
        guard let line = try line(by: deadline) else {
            throw .broken(path: path, what: "vitald did not answer \(method) in time; is it stuck?")
        }
        do {
            return try JSONDocument(parsing: line).root
        } catch {
            throw .broken(path: path, what: "this is not vitald: its answer is not JSON (\(error))")
        }
    }

    private func line(by deadline: Instant) throws(Failure) -> [UInt8]? {
        while true {
            if let newline = pending[searched...].firstIndex(of: 0x0A) {
                let line = Array(pending[..<newline])
                pending.removeSubrange(...newline)
                searched = 0
                return line
            }
            searched = pending.count
            guard pending.count <= Self.longestAnswer else {
                throw .broken(path: path, what: "an answer is longer than \(Self.longestAnswer) bytes")
            }
            guard try wait(for: POLLIN, by: deadline) else { return nil }
            let room = 65_536
            let (count, code) = withUnsafeTemporaryAllocation(of: UInt8.self, capacity: room) { chunk in
                let count = recv(descriptor, chunk.baseAddress, room, CInt(MSG_DONTWAIT))
                let code = errno
                if count > 0 { pending.append(contentsOf: chunk[..<count]) }
                return (count, code)
            }
            if count == 0 { throw .broken(path: path, what: "vitald closed the connection") }
            if count < 0, code != EAGAIN, code != EINTR {
                throw .broken(path: path, what: ErrorCode(number: code).text)
            }
        }
    }

    private func send(_ bytes: [UInt8], by deadline: Instant) throws(Failure) {
        var sent = 0
        while sent < bytes.count {
            let (count, code) = bytes[sent...].withUnsafeBytes { rest in
                let count = Glibc.send(
                    descriptor, rest.baseAddress, rest.count, CInt(MSG_NOSIGNAL) | CInt(MSG_DONTWAIT))
                return (count, errno)
            }
            if count >= 0 {
                sent += count
            } else if code == EAGAIN {
                guard try wait(for: POLLOUT, by: deadline) else {
                    throw .broken(path: path, what: "vitald does not take the call; is it stuck?")
                }
            } else if code == EPIPE || code == ECONNRESET {
                // Sent away at the door: the reason is there to read.
                return
            } else if code != EINTR {
                throw .broken(path: path, what: ErrorCode(number: code).text)
            }
        }
    }

    private func wait(for events: Int32, by deadline: Instant) throws(Failure) -> Bool {
        while true {
            let left = (deadline - Clock.now).nanoseconds
            guard left > 0 else { return false }
            var watched = pollfd(fd: descriptor, events: Int16(truncatingIfNeeded: events), revents: 0)
            // Rounded up, so that the last millisecond is waited for and not spun through.
            let ready = poll(&watched, 1, CInt(clamping: (left + 999_999) / 1_000_000))
            if ready > 0 { return true }
            if ready < 0, errno != EINTR {
                throw .broken(path: path, what: ErrorCode(number: errno).text)
            }
        }
    }

    private static func connect(_ path: String) -> Result<CInt, ErrorCode> {
        var address = sockaddr_un()
        let room = MemoryLayout.size(ofValue: address.sun_path)
        guard path.utf8.count < room else { return .failure(ErrorCode(number: ENAMETOOLONG)) }
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { bytes in
            for (index, byte) in path.utf8.enumerated() { bytes[index] = byte }
        }
        let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return .failure(ErrorCode(number: errno)) }
        // SO_SNDTIMEO bounds connect(2) too: with a full backlog it would wait for ever.
        var bound = timeval(tv_sec: Int(Link.patience.components.seconds), tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &bound, socklen_t(MemoryLayout<timeval>.size))
        let result = withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else {
            let code = ErrorCode(number: errno)
            close(descriptor)
            return .failure(code)
        }
        return .success(descriptor)
    }
}

/// An errno with its sentence.
struct ErrorCode: Error, Equatable {
    let number: CInt

    var text: String {
        switch number {
        case ENOENT: "no such file"
        case ECONNREFUSED: "nobody listens there"
        case EACCES: "permission denied"
        case EAGAIN: "vitald has no room for another connection"
        default: strerror(number).map { String(cString: $0) } ?? "error \(number)"
        }
    }
}

/// The client's clocks.
enum Clock {
    static var now: Instant {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Instant(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }

    static var wall: WallTime {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return WallTime(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }

    /// Lets time pass.
    static func pause(_ duration: Duration) {
        _ = poll(nil, 0, CInt(clamping: duration.nanoseconds / 1_000_000))
    }
}
