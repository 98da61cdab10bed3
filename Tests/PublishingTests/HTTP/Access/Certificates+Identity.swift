// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Vitals

@testable import Publishing

extension Certificates {
    /// What a server shows that has the certificate of this name; with `authority` only clients of this authority's are
    /// let in.
    func identity(
        _ name: String = "server", authority: Bool = false, strictTransport: Duration? = nil
    ) throws -> TLSIdentity {
        try TLSIdentity(
            certificate: bytes("\(name).crt"), key: key(name),
            clientAuthorities: authority ? bytes("ca.crt") : nil, strictTransport: strictTransport)
    }
}
