// SPDX-License-Identifier: Apache-2.0

import Glibc
import Sampling
import Threads
import Vitals

extension Configuration {
    /// glibc's regcomp(3) recurses once for each bracket of a pattern: 512 KiB are not enough for the longest.
    static let stackSize = 8 << 20

    /// The same on a thread of its own, for the start: given up after `patience`, though the thread may hang on.
    static func load(
        _ options: DaemonOptions, kinds: [any CheckKind.Type],
        environment: @escaping @Sendable (String) -> String?, within patience: Duration
    ) throws(ConfigurationRefusal) -> Configuration {
        let place = ReadingPlace()
        let answer = Awaited<Result<Configuration, ConfigurationRefusal>>()
        let isStarted = Lanes(limit: 1, stackSize: stackSize).start {
            answer.fulfil(read(options, kinds: kinds, environment: environment, place: place))
        }
        guard isStarted else { throw .threadless }
        guard let result = answer.value(within: patience) else {
            throw .silence(at: place, options.configuration, for: patience)
        }
        return try result.get()
    }

    /// The same as a value.
    static func read(
        _ options: DaemonOptions, kinds: [any CheckKind.Type],
        environment: @escaping @Sendable (String) -> String?, place: ReadingPlace
    ) -> Result<Configuration, ConfigurationRefusal> {
        do throws(ConfigurationRefusal) {
            return .success(try load(options, kinds: kinds, environment: environment, place: place))
        } catch {
            return .failure(error)
        }
    }

    /// Finds, reads and proves the configuration of this process: at the start, and again on SIGHUP. May hang for as
    /// long as a file does, so never on the event loop.
    ///
    /// `environment` is that of the process (`getenv`), a function so that tests bring their own.
    static func load(
        _ options: DaemonOptions, kinds: [any CheckKind.Type],
        environment: @escaping @Sendable (String) -> String?, place: ReadingPlace = ReadingPlace()
    ) throws(ConfigurationRefusal) -> Configuration {
        let reader = ConfigurationReader(
            kinds: kinds, surroundings: .process(environment: environment, place: place),
            overrides: ConfigurationReader.Overrides(
                http: options.http, socketPath: options.socketPath,
                usualSocketPath: options.instance?.socketPath ?? SocketPlace.usual(environment: environment),
                instance: options.instance),
            hostNames: HostName.own())
        let bytes: [UInt8]?
        do throws(ConfigurationFault) {
            place.enter(options.configuration.description)
            bytes = try ConfigurationFile.load(options.configuration)
        } catch {
            throw ConfigurationRefusal([error])
        }
        var configuration = try reader.read(bytes)
        configuration.isBuiltIn = bytes == nil
        configuration.warnings = strangers(place.paths) + configuration.warnings
        return configuration
    }

    /// Who else can change what these files say, a sentence for each file or directory that is open to others.
    private static func strangers(_ paths: [String]) -> [String] {
        let own = geteuid()
        // Root tries a configuration for the user of the service.
        let user = own == 0 ? serviceUser : nil
        let trust = PathTrust(users: Set([own] + (user.map { [$0] } ?? [])))
        var told: Set<String> = []
        return paths.flatMap { trust.breaches(of: $0) }
            .filter { told.insert($0.place).inserted }.map { "\($0.fact). \($0.remedy)" }
    }

    /// The uid of the user `vitald`. Of this machine's own file alone: to ask a directory service could hang.
    private static var serviceUser: UInt32? {
        guard let file = try? SmallFile(reading: "/etc/passwd", limit: ConfigurationFile.maximumLength) else {
            return nil
        }
        return String(decoding: file.bytes, as: UTF8.self).split(separator: "\n")
            .first { $0.hasPrefix("vitald:") }?
            .split(separator: ":", omittingEmptySubsequences: false).dropFirst(2).first.flatMap { UInt32($0) }
    }
}

extension ConfigurationSurroundings {
    /// Those of this process: its environment, and files as its user may read them.
    static func process(
        environment: @escaping @Sendable (String) -> String?, place: ReadingPlace
    ) -> ConfigurationSurroundings {
        let uid = geteuid()
        return ConfigurationSurroundings(
            environment: environment,
            readSecret: { path in
                place.enter(path)
                return SecretFile.read(path, uid: uid)
            },
            readTrusted: { path in
                place.enter(path)
                return TrustedFile.read(path, uid: uid)
            },
            credentialsDirectory: environment("CREDENTIALS_DIRECTORY"), opening: { place.enter($0) },
            pathExists: { access($0, F_OK) == 0 })
    }
}
