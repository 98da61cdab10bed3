// SPDX-License-Identifier: Apache-2.0

import Publishing
import Vitals

/// What the rules of access over TCP are made of: what stands in the configuration, and the files that it names,
/// which may change while the daemon runs.
struct AccessPlan: Sendable {
    /// `http.tls`
    struct TLS: Sendable, Equatable {
        /// PEM of the certificate with its intermediates.
        var certFile: String
        /// PEM of its key.
        var keyFile: String
        /// The oldest version that is spoken.
        var minimum = TLSIdentity.Version.v12
        /// PEM of the authorities whose clients alone are let in; nil asks for no certificate.
        var clientCAFile: String?
        /// Names of which a client's certificate must vouch for one; empty takes all.
        var clientNames: [String] = []
        /// For how long browsers shall come back over TLS only.
        var strictTransport: Duration?

        /// The files.
        var files: [String] { [certFile, keyFile] + (clientCAFile.map { [$0] } ?? []) }
    }

    /// `http.auth`
    struct Auth: Sendable {
        /// Users whose hashes stand in the configuration.
        var users: [String: BcryptHash] = [:]
        /// A file of more of them, a line each: `name:hash`.
        var usersFile: String?
        /// Files of a bearer token each.
        var tokenFiles: [String] = []

        /// The files.
        var files: [String] { (usersFile.map { [$0] } ?? []) + tokenFiles }
    }

    /// The keys that name files.
    enum Key: String, Sendable {
        /// Of `http.tls`.
        case certFile, keyFile, clientCAFile
        /// Of `http.auth`.
        case usersFile, bearerTokenFiles

        /// The object that it belongs to.
        private var section: String {
            switch self {
            case .certFile, .keyFile, .clientCAFile: "http.tls"
            case .usersFile, .bearerTokenFiles: "http.auth"
            }
        }

        /// Where it stands in the configuration.
        var path: String { "\(section).\(rawValue)" }
    }

    /// What of it cannot be used.
    struct Fault: Error, Equatable {
        /// The key that names what is wrong.
        let key: Key
        /// What is wrong.
        let fact: String
        /// What to do about it.
        let remedy: String
        /// Whether it may be gone the next time with the same files.
        var isPassing = false

        /// The whole path of the key.
        var path: String { key.path }
    }

    /// All that is wrong, at least one thing.
    struct Refusal: Error, Equatable {
        /// In the order of the keys.
        let faults: [Fault]

        /// Whether it is worth another try with the same files.
        var isPassing: Bool { faults.contains(where: \.isPassing) }
    }

    /// Encryption.
    var tls: TLS?
    /// Logins.
    var auth: Auth?
    /// What the files were when they were read.
    var stamps = FileStamps()
    /// What it came to when the configuration was read.
    var initial = HTTPAccess()

    /// All files.
    var files: [String] { (tls?.files ?? []) + (auth?.files ?? []) }

    /// Reads all files again; may hang as long as one of them does.
    func read(_ surroundings: ConfigurationSurroundings) throws(Refusal) -> HTTPAccess {
        var access = initial
        access.tls = try tls?.identity(surroundings)
        access.logins = try auth?.logins(surroundings) ?? Logins(isWanted: false)
        return access
    }
}

extension AccessPlan.Fault {
    /// A file that cannot be read.
    init(_ key: AccessPlan.Key, _ problem: ConfigurationSurroundings.SecretFault) {
        self.init(key: key, fact: problem.fact, remedy: problem.remedy, isPassing: problem.isPassing)
    }
}
