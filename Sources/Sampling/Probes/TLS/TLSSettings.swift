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
        caFile = object.optionalString("caFile")
        certFile = object.optionalString("certFile")
        keyFile = object.optionalString("keyFile")
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
        if let serverName {
            if serverName.isEmpty || serverName.utf8.count > 255 || HostText.isAddress(serverName) {
                object.fault(
                    "serverName", "\"\(serverName)\" is not a host name",
                    remedy: "Write the name that the server's certificate carries.")
            }
        }
        let opening = object.reading.surroundings.opening
        if let caFile, !Self.holdsCertificates(caFile, opening) {
            object.fault(
                "caFile", "no PEM certificate can be read from \(caFile)",
                remedy: "Check the path, its mode, and that it holds BEGIN CERTIFICATE.")
        }
        if let certFile, !Self.holdsCertificates(certFile, opening) {
            object.fault(
                "certFile", "no PEM certificate can be read from \(certFile)",
                remedy: "Check the path, its mode, and that it holds BEGIN CERTIFICATE.")
        }
        if (certFile == nil) != (keyFile == nil) {
            object.fault(
                certFile == nil ? "keyFile" : "certFile", "stands without its other half",
                remedy: "Write `certFile` and `keyFile` together, or neither.")
        }
        if let keyFile {
            // The key is a secret: owner and mode are checked where all secrets are.
            switch object.reading.surroundings.readSecret(keyFile) {
            case .failure(let problem): object.fault("keyFile", problem.fact, remedy: problem.remedy)
            case .success(let text):
                object.remember(credential: text, at: "keyFile")  // a changed key is a changed check
                if (try? NIOSSLPrivateKey(bytes: Array(text.utf8), format: .pem)) == nil {
                    object.fault(
                        "keyFile", "no PEM key without a passphrase can be read from \(keyFile)",
                        remedy: "Write the key with `openssl pkey -in OLD -out NEW`.")
                }
            }
        }
    }

    private static func holdsCertificates(_ path: String, _ opening: (String) -> Void) -> Bool {
        opening(path)
        guard let certificates = try? NIOSSLCertificate.fromPEMFile(path) else { return false }
        return !certificates.isEmpty
    }
}
