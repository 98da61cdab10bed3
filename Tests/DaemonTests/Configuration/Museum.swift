// SPDX-License-Identifier: Apache-2.0

import Glibc
import Vitals

@testable import vitald

/// The configurations kept as fixtures, and the little world in which they are read.
enum Museum {
    /// `Tests/Fixtures/config`.
    static let directory: String = {
        let here = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        return "/" + here + "/Fixtures/config"
    }()

    /// The names of the files of a room, `good` or `bad`, in order.
    static func names(in room: String) -> [String] {
        guard let stream = opendir("\(directory)/\(room)") else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name.hasSuffix(".json") { names.append(String(name.dropLast(5))) }
        }
        return names.sorted()
    }

    /// The bytes of a file of the museum; nil where there is none.
    static func bytes(_ path: String) -> [UInt8]? {
        (try? SmallFile(reading: "\(directory)/\(path)", limit: ConfigurationFile.maximumLength))?.bytes
    }

    /// Writes a file of the museum, when the sentences are renewed on purpose (UPDATE_GOLDEN=1).
    static func write(_ text: String, to path: String) {
        guard let file = fopen("\(directory)/\(path)", "w") else { return }
        fputs(text, file)
        fclose(file)
    }

    /// Whether the expected sentences are to be written anew instead of compared.
    static var isUpdating: Bool { getenv("UPDATE_GOLDEN") != nil }

    /// An environment of three names, and a directory of three secrets.
    static let surroundings = ConfigurationSurroundings(
        environment: {
            ["AGENT_NAME": "agno-data-api", "PGPASSWORD": "CANARY-ENV", "TOKEN": "CANARY/ENV@TOKEN=x"][$0]
        },
        readSecret: { path in
            switch path {
            case "/etc/vitald/good.password": .success("CANARY-FILE")
            case "/etc/vitald/open.password":
                .failure(
                    .init(fact: "\"\(path)\" is open to everybody (mode 0644)", remedy: "chmod 0600 \(path)"))
            default: .failure(.init(fact: "\"\(path)\" does not exist", remedy: "Create it with mode 0600."))
            }
        },
        readTrusted: { path in
            .failure(.init(fact: "\"\(path)\" does not exist", remedy: "Create it, or name another one."))
        },
        pathExists: { ["/etc", "/etc/vitald", "/system.slice", "/var", "/var/log"].contains($0) })

    /// Reads a configuration with every kind of check there is.
    static func read(
        _ bytes: [UInt8]?, environment: (@Sendable (String) -> String?)? = nil,
        overrides: ConfigurationReader.Overrides = .init(),
        secret: String? = nil
    ) throws(ConfigurationRefusal) -> Configuration {
        var surroundings = surroundings
        if let environment { surroundings.environment = environment }
        if let secret { surroundings.readSecret = { _ in .success(secret) } }
        return try ConfigurationReader(
            kinds: DaemonCatalog.kinds, surroundings: surroundings, overrides: overrides
        ).read(bytes)
    }

    /// Reads a configuration from its text.
    static func read(_ text: String) throws(ConfigurationRefusal) -> Configuration {
        try read(Array(text.utf8))
    }

    /// The sentences with which a text is refused; empty where it is not.
    static func sentences(_ text: String) -> [String] {
        do throws(ConfigurationRefusal) {
            _ = try read(Array(text.utf8))
            return []
        } catch {
            return error.sentences
        }
    }
}
