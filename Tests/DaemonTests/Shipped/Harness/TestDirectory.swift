// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

/// A directory below /tmp, short enough for the path of a Unix socket; it goes with this object.
final class TestDirectory: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/vitald-test-XXXXXX".utf8CString)
        let made = try #require(mkdtemp(&template))
        path = String(cString: made)
    }

    deinit {
        _ = try? Program.output(["rm", "-rf", path])
    }

    /// Writes a file and gives its path.
    @discardableResult
    func write(_ name: String, _ text: String, mode: mode_t = 0o600) throws -> String {
        try Self.write("\(path)/\(name)", text, mode: mode)
    }

    /// Reads a file below it; empty where there is none.
    func read(_ name: String) -> String { Self.read("\(path)/\(name)") ?? "" }

    @discardableResult
    static func write(_ path: String, _ text: String, mode: mode_t = 0o600) throws -> String {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
        try #require(descriptor >= 0, "cannot write \(path)")
        defer { close(descriptor) }
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            try #require(count > 0, "cannot write \(path)")
            bytes = bytes.dropFirst(count)
        }
        return path
    }

    static func read(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count > 0 { bytes += buffer[..<count] } else if count == 0 || errno != EINTR { break }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The names in a directory; nil where it is none.
    static func names(in path: String) -> [String]? {
        guard let stream = opendir(path) else { return nil }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }
}
