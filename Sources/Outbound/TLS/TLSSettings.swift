// SPDX-License-Identifier: Apache-2.0

import NIOSSL
package import Vitals

/// How TLS is done: whom to trust, and who we are.
package struct TLSSettings: Sendable, Hashable {
    /// PEM file of the authorities to trust; nil for those of the system.
    package var caFile: String?
    /// PEM file of our own certificate and its intermediates.
    package var certFile: String?
    /// PEM file of the key to our own certificate.
    package var keyFile: String?
    /// The name to ask for and to expect, where it differs from the one connected to.
    package var serverName: String?
    /// Whether chain, name and dates must hold.
    package var verify = true

    /// System authorities, full verification.
    package init() {}

    /// Reads the keys of an object `tls` that these are.
    package init(reading object: inout ConfigurationObject) {
        caFile = object.optionalFile("caFile")
        certFile = object.optionalFile("certFile")
        keyFile = object.optionalFile("keyFile")
        // By what certificate we are known is no part of what is asked.
        object.remember(credential: nil, at: "certFile")
        object.remember(credential: nil, at: "keyFile")
        serverName = object.optionalString("serverName")
        verify = object.boolean("verify", default: true)
        readFiles(&object)
    }

    private func readFiles(_ object: inout ConfigurationObject) {
        if let serverName, !HostText.isName(serverName) || HostText.isAddress(serverName) {
            object.fault(
                "serverName", "\(object.quote(serverName)) is not a host name",
                remedy: "Write the name that the server's certificate carries, without a port.")
        }
        refuse(caFile, "caFile", in: object)
        let chain = refuse(certFile, "certFile", in: object)
        if object.has("certFile") != object.has("keyFile") {
            let (given, missing) =
                object.has("certFile") ? ("certFile", "keyFile") : ("keyFile", "certFile")
            object.fault(
                given, "is set without `\(missing)`",
                remedy: "Set `certFile` and `keyFile` together, or neither.")
        }
        guard let keyFile else { return }
        // The key is a secret: owner and mode are checked where all secrets are; and a changed key is a changed check.
        guard let text = object.readSecret(keyFile, "keyFile") else { return }
        guard let key = try? NIOSSLPrivateKey(bytes: Array(text.utf8), format: .pem) else {
            object.fault(
                "keyFile", "no PEM key without a passphrase can be read from \(object.quote(path: keyFile))",
                remedy: "Write the key with `openssl pkey -in OLD -out NEW`.")
            return
        }
        if let problem = ClientIdentity.problem(chain, key) {
            object.fault("keyFile", "`certFile` and `keyFile` \(problem.fact)", remedy: problem.remedy)
        }
    }

    /// Refuses a file without certificates; gives those that it holds.
    @discardableResult
    private func refuse(_ path: String?, _ key: String, in object: ConfigurationObject) -> [NIOSSLCertificate]
    {
        guard let path else { return [] }
        object.reading.surroundings.opening(path)
        let certificates = (try? NIOSSLCertificate.fromPEMFile(path)) ?? []
        if certificates.isEmpty {
            object.fault(
                key, "no PEM certificate can be read from \(object.quote(path: path))",
                remedy: "Check the path, its mode, and that it holds BEGIN CERTIFICATE.")
        }
        return certificates
    }
}
