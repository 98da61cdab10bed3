// SPDX-License-Identifier: Apache-2.0

/// Which addresses may be served: those that only this machine reaches, and others where TLS and a login guard them
/// or somebody has said in so many words that nothing shall.
enum ListenPolicy {
    /// What guards the pages.
    struct Protection: Sendable, Equatable {
        /// `http.tls`: what goes over the wire cannot be read.
        var isEncrypted = false
        /// `http.auth`: a password or a token is required.
        var wantsLogin = false
        /// `http.tls.clientCAFile`: a certificate is required.
        var wantsCertificate = false
        /// `http.allowInsecure`: none of it need be.
        var isWaived = false

        /// What is missing for other machines, whether waived or not; nil where nothing is.
        var gap: (fact: String, remedy: String)? {
            switch (isEncrypted, wantsLogin || wantsCertificate) {
            case (true, true): nil
            case (true, false):
                (
                    "and asks nobody for a login",
                    "Set http.auth or http.tls.clientCAFile"
                )
            case (false, true):
                ("and without TLS its passwords and tokens can be read on the way", "Set http.tls")
            case (false, false): ("without TLS and without a login", "Set http.tls and http.auth")
            }
        }

        /// What is wrong with serving other machines at an address that is served already; nil where nothing is.
        var problemForOthers: String? {
            guard !isWaived, let gap else { return nil }
            return
                "http: a listening socket is open to other machines, \(gap.fact). \(gap.remedy), or say that it shall "
                + "be so with \"allowInsecure\": true in http."
        }
    }

    /// What is wrong with serving there; nil where nothing is.
    static func problem(with address: ListenAddress, under protection: Protection) -> ListenAddress.Problem? {
        guard !address.isLoopback, !protection.isWaived, let gap = protection.gap else { return nil }
        return ListenAddress.Problem(
            fact: "\(address) is open to other machines, \(gap.fact)",
            remedy: "\(gap.remedy), listen on 127.0.0.1 or [::1], or allow it with "
                + "\"allowInsecure\": true in http.")
    }

    /// What is to be said of serving there though somebody wants it so; nil where nothing is.
    static func warning(of address: ListenAddress, under protection: Protection) -> String? {
        guard !address.isLoopback, protection.isWaived, let gap = protection.gap else { return nil }
        return "http.allowInsecure: \(address) is open to other machines, \(gap.fact)."
    }
}
