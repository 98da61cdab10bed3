// SPDX-License-Identifier: Apache-2.0

import Publishing
import Vitals

/// TLS and logins.
extension HTTPReader {
    private static let maximumNames = 64
    /// Ten years: beyond, it is a slip of the pen.
    private static let longestTransport = Duration.seconds(3650 * 86_400)

    func tls(_ object: inout ConfigurationObject, _ plan: inout AccessPlan) -> AccessPlan.TLS? {
        guard object.has("tls") else {
            _ = object.raw("tls")
            return nil
        }
        var access = plan
        defer { plan = access }
        return object.object("tls") { object in
            let tls = AccessPlan.TLS(
                certFile: object.requiredFile("certFile", example: "/etc/vitald/tls.crt") ?? "",
                keyFile: object.requiredFile("keyFile", example: "/etc/vitald/tls.key") ?? "",
                minimum: object.choice("minVersion", default: .v12),
                clientCAFile: object.optionalFile("clientCAFile"),
                clientNames: clientNames(&object),
                strictTransport: object.optionalDuration(
                    "hstsMaxAge", in: .seconds(1)...Self.longestTransport))
            guard !tls.certFile.isEmpty, !tls.keyFile.isEmpty else { return tls }
            access.stamps.append(FileStamps(of: tls.files))
            do throws(AccessPlan.Refusal) {
                access.initial.tls = try tls.identity(object.reading.discreetSurroundings)
            } catch {
                for fault in error.faults {
                    object.fault(fault.key.rawValue, fault.fact, remedy: fault.remedy)
                }
            }
            return tls
        }
    }

    private func clientNames(_ object: inout ConfigurationObject) -> [String] {
        let names = object.strings("clientAllowedNames", default: [])
        if !names.isEmpty, !object.has("clientCAFile") {
            object.fault(
                "clientAllowedNames", "is set without `clientCAFile`",
                remedy: "Set `clientCAFile` to the CA that issues these certificates.")
        }
        if names.contains("") {
            object.fault("clientAllowedNames", "holds an empty name", remedy: "Remove it.")
        }
        if names.count > Self.maximumNames {
            object.fault(
                "clientAllowedNames", "\(names.count) names are too many",
                remedy: "Keep \(Self.maximumNames) of them.")
        }
        return names
    }

    func auth(_ object: inout ConfigurationObject, _ plan: inout AccessPlan) -> AccessPlan.Auth? {
        guard object.has("auth") else {
            _ = object.raw("auth")
            return nil
        }
        var access = plan
        defer { plan = access }
        return object.object("auth") { object in
            var auth = AccessPlan.Auth()
            auth.users = users(&object)
            auth.usersFile = object.optionalFile("usersFile")
            auth.tokenFiles = object.files("bearerTokenFiles")
            if auth.tokenFiles.count > AccessPlan.Auth.maximumTokens {
                object.fault(
                    "bearerTokenFiles", "\(auth.tokenFiles.count) tokens are too many",
                    remedy: "Keep \(AccessPlan.Auth.maximumTokens) of them.")
            }
            let isNobody = (object.raw("users")?.members ?? []).allSatisfy { $0.key.string == "//" }
            if isNobody, !object.has("usersFile"), object.raw("bearerTokenFiles")?.count ?? 0 == 0 {
                object.fault(
                    object.has("users") ? "users" : nil, "lists no user and no token",
                    remedy: "Add `users`, `usersFile` or `bearerTokenFiles`, or remove it.")
            }
            access.stamps.append(FileStamps(of: auth.files))
            do throws(AccessPlan.Refusal) {
                access.initial.logins = try auth.logins(object.reading.discreetSurroundings)
            } catch {
                for fault in error.faults {
                    object.fault(fault.key.rawValue, fault.fact, remedy: fault.remedy)
                }
            }
            return auth
        }
    }

    private func users(_ object: inout ConfigurationObject) -> [String: BcryptHash] {
        guard object.has("users") else {
            _ = object.raw("users")
            return [:]
        }
        var users: [String: BcryptHash] = [:]
        for (name, hash) in object.namedStrings("users", mask: { Self.masked($1) }) {
            let place = ConfigurationObject(
                object.raw("users"), path: object.path(of: "users"), reading: object.reading)
            if let problem = AccessPlan.Auth.problem(withName: name) {
                place.fault(name, problem.fact, remedy: problem.remedy)
            }
            do throws(BcryptHash.Fault) {
                users[name] = try BcryptHash(hash)
            } catch {
                let problem = AccessPlan.Auth.problem(error)
                place.fault(name, problem.fact, remedy: problem.remedy)
            }
        }
        if users.count > AccessPlan.Auth.maximumUsers {
            object.fault(
                "users", "\(users.count) users are too many",
                remedy: "Keep \(AccessPlan.Auth.maximumUsers) of them.")
        }
        return users
    }

    /// A hash as it may be shown: its kind and its cost, and nothing of salt and hash. It is still the form of one,
    /// so that what is printed is a configuration, into which nobody can log in.
    private static func masked(_ text: String) -> String {
        if References.isAll(text.utf8) { return text }
        guard (try? BcryptHash(text)) != nil else { return SecretMask.stars }
        return text.prefix(7) + String(repeating: ".", count: 53)
    }
}
