// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing
import Vitals

/// A connected socket on which a test speaks; every wait has its end.
final class Wire: @unchecked Sendable {  // used by one task at a time
    enum Place: Sendable {
        case path(String)
        case port(UInt16)
    }

    private let descriptor: Int32
    private var received: [UInt8] = []

    init(_ place: Place, patience: Int = 20) throws {
        switch place {
        case .path(let path):
            descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix(107)) }
            try connect(&address)
        case .port(let port):
            descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            try connect(&address)
        }
        var time = timeval(tv_sec: patience, tv_usec: 0)
        let length = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, length)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &time, length)
    }

    deinit { close(descriptor) }

    private func connect<Address>(_ address: inout Address) throws {
        try #require(descriptor >= 0)
        let code = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<Address>.size)) == 0 ? 0 : errno
            }
        }
        if code != 0 {
            close(dup(descriptor))
            throw ShippedFault("cannot connect: \(String(cString: strerror(code)))")
        }
    }

    func send(_ text: String) throws {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw ShippedFault("cannot send: errno \(errno)") }
            bytes = bytes.dropFirst(count)
        }
    }

    /// Up to the end of the stream.
    func readAll() throws -> [UInt8] {
        while try more() {}
        defer { received = [] }
        return received
    }

    /// The next line without its line feed; nil at the end of the stream.
    func line() throws -> String? {
        while true {
            if let end = received.firstIndex(of: 0x0A) {
                let line = String(decoding: received[..<end], as: UTF8.self)
                received.removeFirst(end + 1)
                return line
            }
            guard try more() else { return nil }
        }
    }

    private func more() throws -> Bool {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count > 0 {
                received += buffer[..<count]
                return true
            }
            if count == 0 { return false }
            if errno == EINTR { continue }
            throw ShippedFault("nothing came: \(String(cString: strerror(errno)))")
        }
    }

    /// One request over a connection of its own; blocks.
    static func get(_ place: Place, _ target: String, _ headers: [String] = []) throws -> WebPage {
        let wire = try Wire(place)
        try wire.send(request(target, ["Connection: close"] + headers))
        return try WebPage(wire.readAll())
    }

    /// The same in HTTP/1.0, for servers that would rather send chunks.
    static func getSimply(_ place: Place, _ target: String) throws -> WebPage {
        let wire = try Wire(place)
        try wire.send("GET \(target) HTTP/1.0\r\nHost: localhost\r\n\r\n")
        return try WebPage(wire.readAll())
    }

    static func request(_ target: String, _ headers: [String] = []) -> String {
        (["GET \(target) HTTP/1.1", "Host: localhost"] + headers).joined(separator: "\r\n") + "\r\n\r\n"
    }
}

/// An answer over HTTP that is whole: its length is what its head says.
struct WebPage: Sendable {
    let status: Int
    let head: [String]
    let body: String

    init(_ bytes: [UInt8]) throws {
        let ends = bytes.indices.dropLast(3).first { bytes[$0..<($0 + 4)].elementsEqual([13, 10, 13, 10]) }
        // Thrown, not required: this runs beside the test's own task.
        guard let end = ends else {
            throw ShippedFault("no head: \(String(decoding: bytes.prefix(200), as: UTF8.self))")
        }
        head = String(decoding: bytes[..<end], as: UTF8.self).split(separator: "\r\n").map(String.init)
        guard let code = head.first?.split(separator: " ").dropFirst().first, let status = Int(code) else {
            throw ShippedFault("no status: \(head)")
        }
        self.status = status
        let content = bytes[(end + 4)...]
        body = String(decoding: content, as: UTF8.self)
        // The end of the connection is the end of an answer of HTTP/1.0, and of no other.
        guard let length = header("content-length").flatMap(Int.init) else {
            guard head[0].hasPrefix("HTTP/1.0 ") else { throw ShippedFault("no length: \(head)") }
            return
        }
        guard length == content.count else { throw ShippedFault("\(content.count) bytes of \(length)") }
    }

    func header(_ name: String) -> String? {
        head.dropFirst().first { $0.lowercased().hasPrefix(name + ":") }
            .map { String($0.dropFirst(name.utf8.count + 1).drop { $0 == " " }) }
    }

    /// The body as JSON.
    func json() throws -> JSONValue { try JSONDocument(parsing: Array(body.utf8)).root }

    /// The value of a sample of a metrics page, by its series as it is written.
    func sample(_ series: String) -> Double? {
        body.split(separator: "\n").first { $0.hasPrefix(series + " ") }
            .flatMap { Double($0.dropFirst(series.utf8.count + 1)) }
    }

    /// The series of a family.
    func series(_ family: String) -> [String] {
        body.split(separator: "\n").filter { $0.hasPrefix(family + "{") || $0.hasPrefix(family + " ") }
            .map(String.init)
    }
}
