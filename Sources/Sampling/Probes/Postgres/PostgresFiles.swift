// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOSSL
import Outbound
import Vitals

/// The files that a url names (`sslrootcert`, `sslcert`, `sslkey` …), looked at as libpq will: it would refuse them
/// only when it connects, or pass over them in silence.
struct PostgresFiles {
    private let parameters: [PostgresTarget.Parameter]

    init(_ target: PostgresTarget) {
        // Stars are what a printed configuration has for a value that it does not show.
        parameters = target.parameters.filter { $0.value != ShownURL.stars }
    }

    /// Since this version `sslrootcert=system` means the authorities of the system.
    private static let systemAuthorities = 16

    /// Records what is wrong with them, at a key.
    func refuse(in object: ConfigurationObject, at key: String) {
        for keyword in ["sslrootcert", "sslcert", "sslkey", "sslcrl", "sslcrldir", "passfile"] {
            guard let path = value(keyword), !isSystem(keyword, path) else { continue }
            if let problem = problem(keyword, path, object) {
                object.fault(key, "`\(keyword)` \(problem.fact)", remedy: problem.remedy)
            }
        }
        refuseHalves(in: object, at: key)
    }

    private func problem(
        _ keyword: String, _ path: String, _ object: ConfigurationObject
    ) -> (fact: String, remedy: String)? {
        guard path.utf8.first == UInt8(ascii: "/") else {
            return ("is not an absolute path", "Write the absolute path of the file.")
        }
        object.reading.surroundings.opening(path)
        let name = object.quote(path: path)
        var status = stat()
        guard stat(path, &status) == 0 else {
            return ("cannot be used: \(name) cannot be found", "Create it, or correct the path.")
        }
        let isDirectory = status.st_mode & S_IFMT == S_IFDIR
        guard isDirectory == (keyword == "sslcrldir") else {
            return (
                "cannot be used: \(name) is \(isDirectory ? "a directory" : "not a directory")",
                "Correct the path."
            )
        }
        switch keyword {
        case "sslrootcert", "sslcert":
            guard (try? NIOSSLCertificate.fromPEMFile(path))?.isEmpty != false else { return nil }
            return (
                "cannot be used: no PEM certificate can be read from \(name)",
                "Check its mode, and that it holds BEGIN CERTIFICATE."
            )
        case "sslkey", "passfile":
            // libpq passes over a passfile, and refuses a key, that others may read; root's key may be its group's.
            let isOfGroup = keyword == "sslkey" && status.st_uid == 0
            guard status.st_mode & (isOfGroup ? 0o037 : 0o077) != 0 else { return nil }
            return (
                "cannot be used: \(name) is open to others (mode 0\(String(status.st_mode & 0o777, radix: 8)))",
                "Run chmod 0600 on it."
            )
        default: return nil
        }
    }

    /// What needs another file beside it. libpq would look for that in the home directory of vitald's user, where
    /// nothing of the configuration is.
    private func refuseHalves(in object: ConfigurationObject, at key: String) {
        if ["verify-ca", "verify-full"].contains(value("sslmode")), value("sslrootcert") == nil {
            object.fault(
                key, "`sslmode` asks for a verified certificate, and `sslrootcert` is missing",
                remedy: "Add sslrootcert=/path/of/authorities.pem, for example \(Self.bundle).")
        }
        guard (value("sslcert") == nil) == (value("sslkey") == nil) else {
            let (given, missing) = value("sslcert") == nil ? ("sslkey", "sslcert") : ("sslcert", "sslkey")
            return object.fault(
                key, "`\(given)` is given without `\(missing)`", remedy: "Write both of them, or neither.")
        }
        guard value("sslpassword") == nil, let certFile = value("sslcert"), let keyFile = value("sslkey"),
            let chain = try? NIOSSLCertificate.fromPEMFile(certFile),
            let secret = try? NIOSSLPrivateKey(file: keyFile, format: .pem),
            let mismatch = ClientIdentity.problem(chain, secret)
        else { return }
        object.fault(key, "`sslcert` and `sslkey` \(mismatch.fact)", remedy: mismatch.remedy)
    }

    private static let bundle = "/etc/ssl/certs/ca-certificates.crt"

    private func isSystem(_ keyword: String, _ value: String) -> Bool {
        keyword == "sslrootcert" && value == "system"
            && (Int(PostgresLibrary.version.prefix { $0 != "." }) ?? 0) >= Self.systemAuthorities
    }

    /// Of equal keywords libpq takes the last; an empty value is none.
    private func value(_ keyword: String) -> String? {
        parameters.last { $0.keyword == keyword }.flatMap { $0.value.isEmpty ? nil : $0.value }
    }
}
