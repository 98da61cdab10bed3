// SPDX-License-Identifier: Apache-2.0

/// Which addresses may be served without TLS and without passwords: those that only this machine reaches.
enum ListenPolicy {
    /// What is wrong with serving there; nil where nothing is.
    static func problem(with address: ListenAddress) -> ListenAddress.Problem? {
        guard !address.isLoopback else { return nil }
        return ListenAddress.Problem(
            fact: "\(address) is open to other machines, and this version has neither TLS nor passwords",
            remedy: "Listen on 127.0.0.1 or [::1], and let a proxy with TLS pass on what others may see.")
    }
}
