// SPDX-License-Identifier: Apache-2.0

import Publishing
import Vitals

/// What comes from the files of `http.tls`.
extension AccessPlan.TLS {
    /// Reads the files, and proves that they fit together.
    func identity(_ surroundings: ConfigurationSurroundings) throws(AccessPlan.Refusal) -> TLSIdentity {
        var faults: [AccessPlan.Fault] = []
        func read<Value>(
            _ key: String, _ result: Result<Value, ConfigurationSurroundings.SecretFault>
        ) -> Value? {
            switch result {
            case .success(let value): return value
            case .failure(let problem):
                faults.append(AccessPlan.Fault(key, problem))
                return nil
            }
        }
        let certificate = read("certFile", surroundings.readTrusted(certFile))
        let key = read("keyFile", surroundings.readSecret(keyFile))
        let authorities = clientCAFile.flatMap { read("clientCAFile", surroundings.readTrusted($0)) }
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
        case .certificate: Self.noCertificate(certFile, "certFile")
        case .authorities: Self.noCertificate(clientCAFile ?? "", "clientCAFile")
        case .key:
            AccessPlan.Fault(
                key: "keyFile", fact: "\(Quotation.quote(keyFile)) holds no PEM key without a passphrase",
                remedy: "Write the key with `openssl pkey -in OLD -out NEW`.")
        case .pair:
            AccessPlan.Fault(
                key: "keyFile",
                fact: "\(Quotation.quote(keyFile)) is not the key of \(Quotation.quote(certFile))",
                remedy: "Name the key that the certificate was made for.")
        }
    }

    private static func noCertificate(_ path: String, _ key: String) -> AccessPlan.Fault {
        AccessPlan.Fault(
            key: key, fact: "\(Quotation.quote(path)) holds no PEM certificate",
            remedy: "Name a file that holds BEGIN CERTIFICATE.")
    }
}
