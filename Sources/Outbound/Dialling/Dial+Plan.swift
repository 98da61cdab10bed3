// SPDX-License-Identifier: Apache-2.0

extension Dial {
    /// What to open.
    package struct Plan: Sendable {
        /// Where the server is.
        package let endpoint: ServerAddress
        /// How to do TLS; nil for none.
        package let tls: TLSSettings?
        /// Whether a name may lead to a link-local address.
        package var linkLocal: LinkLocal

        /// Makes a plan; link-local addresses of names are refused unless told otherwise.
        package init(endpoint: ServerAddress, tls: TLSSettings?, linkLocal: LinkLocal = .refused) {
            self.endpoint = endpoint
            self.tls = tls
            self.linkLocal = linkLocal
        }

        /// Whether a name may lead to a link-local address.
        ///
        /// The cloud's metadata services live there and hand out credentials to whoever speaks as the check is told
        /// to: a name, which somebody else may control, must not lead there. Whoever means it writes the address
        /// itself.
        package enum LinkLocal: Sendable, Hashable {
            /// Names that lead to nothing else have no address.
            case refused
            /// For a protocol of our own choosing, which gets nothing there; names of neighbours (mDNS) lead there.
            case allowed

            func admits(_ address: HostAddress) -> Bool {
                self == .allowed
                    || HostText.addressBytes(HostText.withoutZone(address.numeric))
                        .map { !HostText.isLinkLocal($0) } ?? false
            }
        }

        /// The name to ask for in TLS; nil for addresses, which SNI does not know (RFC 6066, 3).
        var serverName: String? {
            let name = tls?.serverName ?? endpoint.host
            return HostText.isAddress(name) ? nil : name
        }

        /// What the certificate must be for.
        package var expectedName: String { tls?.serverName ?? endpoint.host }
    }
}
