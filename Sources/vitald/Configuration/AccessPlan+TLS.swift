// SPDX-License-Identifier: Apache-2.0

import Publishing
import Vitals

/// What comes from the files of `http.tls`.
extension AccessPlan.TLS {
    /// Reads the files, and proves that they fit together.
    func identity(_ surroundings: ConfigurationSurroundings) throws(AccessPlan.Refusal) -> TLSIdentity {
        var faults: [AccessPlan.Fault] = []
        func read<Value>(
            _ key: AccessPlan.Key, _ result: Result<Value, ConfigurationSurroundings.SecretFault>
        ) -> Value? {
            switch result {
            case .success(let value): return value
            case .failure(let problem):
                faults.append(AccessPlan.Fault(key, problem))
                return nil
            }
        }
        let certificate = read(.certFile, surroundings.readTrusted(certFile))
        let key = read(.keyFile, surroundings.readSecret(keyFile))
        let authorities = clientCAFile.flatMap { read(.clientCAFile, surroundings.readTrusted($0)) }
        guard let certificate, let key, faults.isEmpty else { throw AccessPlan.Refusal(faults: faults) }
        do throws(TLSIdentity.Fault) {
            return try TLSIdentity(
                certificate: certificate, key: Secret(key), clientAuthorities: authorities,
                names: clientNames, minimum: minimum, strictTransport: strictTransport)
        } catch {
            throw AccessPlan.Refusal(faults: [fault(error)])
        }
    }

    private func fault(_ fault: TLSIdentity.Fault) -> AccessPlan.Fault {
        switch fault {
        case .certificate: Self.noCertificate(certFile, .certFile)
        case .authorities: Self.noCertificate(clientCAFile ?? "", .clientCAFile)
        case .noAuthority:
            AccessPlan.Fault(
                key: .clientCAFile,
                fact:
                    "\(SmallFile.quote(clientCAFile ?? "")) holds no CA certificate, only certificates that a CA issued",
                remedy: "Name the certificate of the CA that issued those of the clients.")
        case .key:
            key("holds no PEM key", "Name a file that holds BEGIN PRIVATE KEY.")
        case .passphrase:
            key(
                "has a passphrase, for which vitald cannot prompt",
                "Write the key with `openssl pkey -in OLD -out NEW`.")
        case .keyKind:
            key(
                "holds a PEM key that is broken, or of a kind that is not supported",
                "Generate a new key and certificate: RSA, ECDSA with P-256, P-384 or P-521, or Ed25519.")
        case .pair:
            key(
                "is not the key of \(SmallFile.quote(certFile))",
                "Name the key that belongs to the certificate.")
        case .order:
            AccessPlan.Fault(
                key: .certFile,
                fact:
                    "\(SmallFile.quote(certFile)) does not begin with the certificate that belongs to \(SmallFile.quote(keyFile))",
                remedy: "Put the server's own certificate first, then the intermediate certificates.")
        case .refused(let reason):
            AccessPlan.Fault(
                key: .certFile,
                fact:
                    "\(SmallFile.quote(certFile)) and \(SmallFile.quote(keyFile)) cannot be used: \(reason)",
                remedy: "Generate new ones.")
        }
    }

    private func key(_ fact: String, _ remedy: String) -> AccessPlan.Fault {
        AccessPlan.Fault(key: .keyFile, fact: "\(SmallFile.quote(keyFile)) \(fact)", remedy: remedy)
    }

    private static func noCertificate(_ path: String, _ key: AccessPlan.Key) -> AccessPlan.Fault {
        AccessPlan.Fault(
            key: key, fact: "\(SmallFile.quote(path)) holds no PEM certificate",
            remedy: "Name a file that holds BEGIN CERTIFICATE.")
    }
}
