// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOSSL
import Vitals

/// How a check does TLS: whom to trust, who we are, and when an expiry becomes a worry.
struct TLSSettings: Sendable, Hashable {
    /// PEM file of the authorities to trust; nil for those of the system.
    var caFile: String?
    /// PEM file of our own certificate and its intermediates.
    var certFile: String?
    /// PEM file of the key to our own certificate.
    var keyFile: String?
    /// The name to ask for and to expect, where it differs from the one connected to.
    var serverName: String?
    /// Whether chain, name and dates must hold.
    var verify = true
    /// Days left below which a certificate is a warning; nil where nothing is said of it.
    var warnExpiry: Duration? = TLSSettings.defaultWarnExpiry
    /// Days left below which a certificate is a failure; nil where nothing is said of it.
    var failExpiry: Duration? = TLSSettings.defaultFailExpiry

    /// Two weeks leave time to renew by hand.
    static let defaultWarnExpiry = Duration.seconds(14 * 86_400)
    /// Three days are a weekend.
    static let defaultFailExpiry = Duration.seconds(3 * 86_400)
    /// Ten years: beyond, a threshold is a slip of the pen.
    private static let longestExpiry = Duration.seconds(3650 * 86_400)

    /// System authorities, full verification, default thresholds.
    init() {}

    /// Reads the object `tls` of a check.
    init(reading object: inout ConfigurationObject) {
        caFile = object.optionalFile("caFile")
        certFile = object.optionalFile("certFile")
        keyFile = object.optionalFile("keyFile")
        // By what certificate we are known is no part of what is asked.
        object.remember(credential: nil, at: "certFile")
        object.remember(credential: nil, at: "keyFile")
        serverName = object.optionalString("serverName")
        verify = object.boolean("verify", default: true)
        let range = Duration.zero...Self.longestExpiry
        if verify || object.has("warnExpiry") {
            warnExpiry = object.duration("warnExpiry", default: Self.defaultWarnExpiry, in: range)
        } else {
            // Who does not ask for valid dates is not told about them unbidden.
            warnExpiry = nil
            _ = object.raw("warnExpiry")
        }
        if verify || object.has("failExpiry") {
            failExpiry = object.duration("failExpiry", default: Self.defaultFailExpiry, in: range)
        } else {
            failExpiry = nil
            _ = object.raw("failExpiry")
        }
        if let warnExpiry, let failExpiry, warnExpiry < failExpiry {
            if object.has("failExpiry") {
                object.fault(
                    "failExpiry", "is longer than `warnExpiry`",
                    remedy: "Make it the shorter one: the warning comes first.")
            } else {
                // Only the warning was written down: the failure never comes before it.
                self.failExpiry = warnExpiry
            }
        }
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
