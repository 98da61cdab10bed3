// SPDX-License-Identifier: Apache-2.0

import Outbound
package import Vitals

/// The kind `tcp`: a connection opens, and where asked for, a few bytes get the right answer.
///
/// ```json
/// { "name": "queue", "type": "tcp", "address": "localhost:5672" }
/// { "name": "relay", "type": "tcp", "address": "/run/relay.sock", "send": "PING\r\n", "expectBytes": "PONG" }
/// ```
package struct TCPCheck: ProbeKind {
    /// The word in the configuration.
    package static let type = "tcp"

    /// What is sent, and what is read of the answer.
    static let bound = 64 * 1024

    /// Where to connect; nil only after a fault.
    let endpoint: ServerAddress?
    let tls: TLSKeys?
    let send: [UInt8]
    let expected: ExpectedBytes?

    /// What is connected to.
    package var target: ShownTarget { ShownTarget(place: endpoint?.text ?? "") }

    /// Reads the keys of this kind.
    package init(reading object: inout ConfigurationObject) {
        let address = object.requiredString("address", example: "localhost:5672")
        endpoint = ServerAddress(address: address)
        if endpoint == nil, !address.isEmpty {
            object.fault(
                "address", "\(object.quote(address)) is neither host:port nor an absolute path",
                remedy: "Write for example \"localhost:5672\", \"[::1]:5672\" or \"/run/service.sock\".")
        }
        tls = Self.readTLS(&object)
        send = Array((object.maskedString("send") { $0.isEmpty ? "" : ShownURL.stars } ?? "").utf8)
        if send.count > Self.bound {
            object.fault("send", "is longer than 64 KiB", remedy: "Shorten it.")
        }
        expected = ExpectedBytes(reading: &object, bound: Self.bound)
    }

    /// `true`, or the same object as in http checks.
    private static func readTLS(_ object: inout ConfigurationObject) -> TLSKeys? {
        if object.raw("tls")?.kind == .object { return object.object("tls") { TLSKeys(reading: &$0) } }
        return object.boolean("tls", default: false) ? TLSKeys() : nil
    }

    /// What the answer has to be, and nothing of what is asked.
    package static var judgementKeys: Set<String> { ["expectBytes"] }

    /// Makes the probe; opens nothing yet.
    package func makeProbe(_ definition: CheckDefinition, _ context: ProbeContext) -> any Probe {
        guard let endpoint else { return UnusableProbe() }
        return TCPProbe(
            TCPPlan(
                dial: Dial.Plan(endpoint: endpoint, tls: tls?.settings),
                expiry: tls?.expiry ?? ExpiryLimits(),
                send: send, expected: expected), context)
    }
}
