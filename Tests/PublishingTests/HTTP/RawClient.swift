// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport

/// A client that sends bytes as they are and reads what comes back; nothing waits longer than ten seconds.
final class RawClient {
    /// One answer off the wire.
    struct Answer {
        var status = 0
        var version = ""
        var headers: [(name: String, value: String)] = []
        var body: [UInt8] = []

        var text: String { String(decoding: body, as: UTF8.self) }

        func header(_ name: String) -> String? {
            headers.first { $0.name.lowercased() == name.lowercased() }?.value
        }
    }

    struct Failure: Error { let what: String }

    private let descriptor: CInt
    private var buffer: [UInt8] = []
    /// Whether the server has ended the connection.
    private(set) var isEnded = false

    init(port: Int) throws {
        descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        try connect(SocketAddressBytes.loopback(port: port))
    }

    init(path: String) throws {
        descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
        try connect(SocketAddressBytes.unix(path: path))
    }

    deinit { Glibc.close(descriptor) }

    private func connect(_ address: [UInt8]) throws {
        var patience = timeval(tv_sec: 10, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, size)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, size)
        let code = address.withUnsafeBytes { raw in
            raw.withMemoryRebound(to: sockaddr.self) { pointer in
                pointer.baseAddress.map { Glibc.connect(descriptor, $0, socklen_t(raw.count)) } ?? -1
            }
        }
        guard code == 0 else { throw Failure(what: "connect: \(errno)") }
    }

    /// Makes the kernel keep little of what the test does not read.
    func shrinkReceiveBuffer() {
        var bytes: CInt = 4096
        setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &bytes, socklen_t(MemoryLayout<CInt>.size))
    }

    /// Sends bytes; false when the server does not take them any more.
    @discardableResult
    func send(_ text: String) -> Bool { send(Array(text.utf8)) }

    /// Says that nothing more comes.
    func endSending() { shutdown(descriptor, CInt(SHUT_WR)) }

    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { raw in
                Glibc.send(
                    descriptor, raw.baseAddress.map { $0 + sent }, raw.count - sent,
                    CInt(MSG_NOSIGNAL))
            }
            if count <= 0 { return false }
            sent += count
        }
        return true
    }

    /// Reads one answer; `isHead` for an answer without the body its length announces.
    func answer(isHead: Bool = false) throws -> Answer {
        while Self.end(of: buffer) == nil { try fill() }
        guard let end = Self.end(of: buffer) else { throw Failure(what: "no head") }
        let lines = String(decoding: buffer[..<end], as: UTF8.self).split(separator: "\r\n")
        buffer.removeFirst(end + 4)
        var answer = Answer()
        let words = lines.first?.split(separator: " ") ?? []
        answer.version = words.first.map(String.init) ?? ""
        answer.status = words.count > 1 ? Int(words[1]) ?? 0 : 0
        for line in lines.dropFirst() {
            let sides = line.split(separator: ":", maxSplits: 1)
            guard sides.count == 2 else { throw Failure(what: "header \(line)") }
            answer.headers.append((String(sides[0]), String(sides[1].drop { $0 == " " })))
        }
        let length = isHead ? 0 : answer.header("content-length").flatMap(Int.init) ?? 0
        while buffer.count < length { try fill() }
        answer.body = Array(buffer[..<length])
        buffer.removeFirst(length)
        return answer
    }

    /// Sends a GET and reads its answer.
    func get(_ target: String, _ headers: String = "", method: String = "GET") throws -> Answer {
        send("\(method) \(target) HTTP/1.1\r\nHost: localhost\r\n\(headers)\r\n")
        return try answer(isHead: method == "HEAD")
    }

    /// Sends a GET and reads the head of its answer.
    func open(_ target: String, _ headers: String = "") throws -> Answer {
        send("GET \(target) HTTP/1.1\r\nHost: localhost\r\n\(headers)\r\n")
        return try answer(isHead: true)
    }

    /// Reads one chunk of a body in chunks; nil for the last one.
    func chunk() throws -> String? {
        while !buffer.contains(10) { try fill() }
        let line = buffer.prefix { $0 != 10 }
        guard line.last == 13, let length = Int(String(decoding: line.dropLast(), as: UTF8.self), radix: 16)
        else { throw Failure(what: "no chunk: \(String(decoding: line, as: UTF8.self))") }
        let start = line.count + 1
        while buffer.count < start + length + 2 { try fill() }
        let text = String(decoding: buffer[start..<(start + length)], as: UTF8.self)
        buffer.removeFirst(start + length + 2)
        return length == 0 ? nil : text
    }

    /// Reads until the server ends the connection; gives what came that was not asked for.
    func rest() throws -> [UInt8] {
        while !isEnded {
            do { try fill() } catch { if !isEnded { throw error } }
        }
        return buffer
    }

    private func fill() throws {
        var chunk = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &chunk, chunk.count, 0)
        if count > 0 { return buffer.append(contentsOf: chunk[..<count]) }
        if count == 0 || errno == ECONNRESET {
            isEnded = true
            throw Failure(what: "the server ended the connection")
        }
        throw Failure(what: "nothing came: \(errno)")
    }

    private static func end(of bytes: [UInt8]) -> Int? {
        guard bytes.count >= 4 else { return nil }
        return (0...bytes.count - 4).first { i in
            bytes[i] == 13 && bytes[i + 1] == 10 && bytes[i + 2] == 13 && bytes[i + 3] == 10
        }
    }
}
