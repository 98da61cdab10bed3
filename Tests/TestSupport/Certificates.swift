// SPDX-License-Identifier: Apache-2.0

import Glibc
package import Vitals

/// An authority of a test's own and what it signs, made with openssl(1) in a directory that goes with this object.
package final class Certificates: Sendable {
    /// Where `ca.crt` and, for each name that was signed, `NAME.crt` and `NAME.key` lie.
    package let directory: String

    /// Why openssl(1) could not make something.
    package struct Fault: Error {
        /// What it said.
        package let output: String
    }

    /// How keys are made.
    private let keys: Keys

    /// Kinds of keys, as openssl(1) makes them.
    package enum Keys: String, Sendable {
        /// ECDSA with P-256, as nearly everybody has.
        case p256 = "openssl ecparam -name prime256v1 -genkey -noout"
        /// ECDSA with P-521.
        case p521 = "openssl ecparam -name secp521r1 -genkey -noout"
        /// Ed25519.
        case ed25519 = "openssl genpkey -algorithm ed25519"
    }

    /// Makes an authority.
    package init(_ keys: Keys = .p256) throws {
        self.keys = keys
        var template = Array("/tmp/vitald-certificates-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw POSIXFault(errno) }
        directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        try shell(
            """
            \(keys.rawValue) -out ca.key
            openssl req -x509 -new -key ca.key -subj /CN=authority -days 30 -out ca.crt
            """)
    }

    deinit { _ = try? Tool.run(["rm", "-rf", directory], [UInt8]()) }

    /// Signs a certificate for these names, as openssl's `subjectAltName` has them, such as `DNS:localhost`.
    package func sign(_ name: String, for names: String) throws {
        try shell(
            """
            \(keys.rawValue) -out \(name).key
            chmod 600 \(name).key
            openssl req -new -key \(name).key -subj /CN=\(name) -out \(name).csr
            echo 'subjectAltName = \(names)' > \(name).ext
            openssl x509 -req -in \(name).csr -CA ca.crt -CAkey ca.key -set_serial $(date +%s%N) -days 30 \
              -extfile \(name).ext -out \(name).crt
            """)
    }

    /// The path of a file.
    package func path(_ file: String) -> String { "\(directory)/\(file)" }

    /// What a file holds.
    package func bytes(_ file: String) throws -> [UInt8] {
        let (code, output) = try Tool.run(["cat", path(file)], [UInt8]())
        guard code == 0 else { throw Fault(output: "there is no \(file)") }
        return output
    }

    /// The key that was made for a name.
    package func key(_ name: String) throws -> Secret {
        Secret(String(decoding: try bytes("\(name).key"), as: UTF8.self))
    }

    /// Has sh(1) do something in the directory.
    package func shell(_ script: String) throws {
        let (code, output) = try Tool.run(["sh", "-ec", "cd \(directory)\n" + script], [UInt8]())
        guard code == 0 else { throw Fault(output: String(decoding: output, as: UTF8.self)) }
    }
}
