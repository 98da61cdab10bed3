// SPDX-License-Identifier: Apache-2.0

import Glibc
import Vitals

/// One real question to the daemon's own Unix socket, asked in two steps so that the asking thread never waits.
///
/// `begin` connects, sends and returns; `poll` reads what has come. Connecting to a Unix socket is immediate or
/// fails (unix(7)), so a daemon that does not accept shows as an unanswered question, not as a hang.
final class SelfQuery {
    /// What is asked, and how the generation is found in the answer.
    enum Question: Sendable {
        /// `ping` on the JSON socket; the answer holds `"tick":N`.
        case ping
        /// `GET /livez` on the HTTP socket; the answer holds the header `X-Vitald-Generation: N`.
        case livez

        var bytes: [UInt8] {
            switch self {
            case .ping: Array(#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#.utf8) + [UInt8(ascii: "\n")]
            case .livez:
                Array("GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".utf8)
            }
        }

        var marker: [UInt8] {
            switch self {
            case .ping: Array(#""tick":"#.utf8)
            case .livez: Array("x-vitald-generation: ".utf8)
            }
        }

        /// What an answer holds that only says that there is no room for one more connection.
        var full: [[UInt8]] {
            switch self {
            case .ping:
                ["too_many", "no_descriptors", "rate_limited"].map { Array(#""kind":"\#($0)""#.utf8) }
            case .livez: [Array("http/1.1 503".utf8)]
            }
        }
    }

    /// How a question stands.
    enum Standing: Equatable {
        /// No answer yet.
        case open
        /// Answered with this generation.
        case answered(UInt64)
        /// Refused, closed, or answered with rubbish.
        case failed
        /// It could not even be asked: there are no descriptors, others hold all connections, or they fill the queue
        /// while the daemon accepts. That says nothing about its progress, or clients that only connect could have it
        /// restarted.
        case notAsked
    }

    /// An answer is a few hundred bytes; more is not one.
    private static let maximumAnswer = 4096

    private let question: Question
    /// How many connections the daemon has accepted there.
    private let accepts: () -> UInt64
    /// How many there were when this one was tried.
    let before: UInt64
    private var descriptor: Int32 = -1
    private var answer: [UInt8] = []
    /// Whether others kept the question from being asked, if the daemon accepts them.
    private var isCrowdedOut = false
    private(set) var standing = Standing.notAsked

    /// Asks on the Unix socket at this path; `isOwn` where vitald made it, and would make a new one. `accepts` tells how
    /// many connections were accepted there so far.
    init(_ question: Question, path: String, isOwn: Bool = true, accepts: @escaping () -> UInt64 = { 0 }) {
        self.question = question
        self.accepts = accepts
        before = accepts()
        descriptor = socket(
            AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return }
        standing = .failed
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let capacity = MemoryLayout.size(ofValue: address.sun_path)
        guard path.utf8.count < capacity else { return }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard connected == 0 else {
            if errno == EAGAIN {
                // The queue is full: somebody fills it, or nobody empties it.
                isCrowdedOut = true
            } else if !isOwn {
                // The manager took the path away, or gave it to a group that vitald is not in: a restart would not
                // change that, as it does for a socket of our own.
                standing = .notAsked
            }
            return
        }
        let bytes = question.bytes
        let sent = bytes.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        if sent < 0, errno == EPIPE || errno == ECONNRESET {
            // Refused before it could ask: the reason may be there to read.
            isCrowdedOut = true
        } else if sent != bytes.count {
            return
        }
        standing = .open
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// Reads what has come since, and says how the question stands.
    func poll() -> Standing {
        if standing == .failed, isCrowdedOut { return accepts() != before ? .notAsked : .failed }
        guard standing == .open else { return standing }
        standing = read()
        // Not held until the next question: our own connections are nobody's clients.
        if standing != .open {
            close(descriptor)
            descriptor = -1
        }
        return standing == .failed ? poll() : standing
    }

    private func read() -> Standing {
        var buffer = [UInt8](repeating: 0, count: 1024)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count > 0 {
                answer.append(contentsOf: buffer[..<count])
                if let generation = Self.generation(in: answer, after: question.marker) {
                    return .answered(generation)
                }
                if question.full.contains(where: { Self.end(of: $0, in: answer) != nil }) { return .notAsked }
                if answer.count > Self.maximumAnswer { break }
                continue
            }
            if count < 0, errno == EAGAIN || errno == EINTR { return .open }
            break
        }
        return .failed
    }

    /// The number behind the marker, once a byte that ends it has arrived; letters compare without case.
    static func generation(in answer: [UInt8], after marker: [UInt8]) -> UInt64? {
        guard var p = end(of: marker, in: answer) else { return nil }
        var number: UInt64 = 0
        var digits = 0
        while p < answer.count, answer[p] >= 0x30, answer[p] <= 0x39, digits < 19 {
            number = number &* 10 &+ UInt64(answer[p] - 0x30)
            digits += 1
            p += 1
        }
        return digits > 0 && p < answer.count ? number : nil
    }

    /// Where the first such text ends; letters compare without case.
    private static func end(of text: [UInt8], in answer: [UInt8]) -> Int? {
        guard answer.count >= text.count else { return nil }
        for start in 0...(answer.count - text.count) {
            var i = 0
            while i < text.count, lowered(answer[start + i]) == text[i] { i += 1 }
            if i == text.count { return start + i }
        }
        return nil
    }

    private static func lowered(_ byte: UInt8) -> UInt8 {
        byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte + 32 : byte
    }
}
