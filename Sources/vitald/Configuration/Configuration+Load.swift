// SPDX-License-Identifier: Apache-2.0

import Glibc
import Vitals

extension Configuration {
    /// Finds, reads and proves the configuration of this process: at the start, and again on SIGHUP.
    ///
    /// `environment` is that of the process (`getenv`), a function so that tests bring their own.
    static func load(
        _ options: DaemonOptions, kinds: [any CheckKind.Type],
        environment: @escaping @Sendable (String) -> String?
    ) throws(ConfigurationRefusal) -> Configuration {
        let uid = geteuid()
        let reader = ConfigurationReader(
            kinds: kinds,
            surroundings: ConfigurationSurroundings(
                environment: environment,
                readSecret: { SecretFile.read($0, uid: uid) },
                credentialsDirectory: environment("CREDENTIALS_DIRECTORY")),
            overrides: ConfigurationReader.Overrides(
                http: options.http, socketPath: options.socketPath,
                usualSocketPath: SocketPlace.usual(environment: environment)))
        let file: (bytes: [UInt8], warnings: [String])?
        do throws(ConfigurationFault) {
            file = try ConfigurationFile.load(options.configuration)
        } catch {
            throw ConfigurationRefusal([error])
        }
        var configuration = try reader.read(file?.bytes)
        configuration.warnings = (file?.warnings ?? []) + configuration.warnings
        return configuration
    }
}
