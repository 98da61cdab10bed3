// SPDX-License-Identifier: Apache-2.0

import Publishing
import Vitals

/// Reads the object `http`: where the pages are served over TCP, and to whom.
struct HTTPReader {
    /// `--http`, where given.
    let overrides: [ListenAddress]
    /// Where the pages are served when nobody says so.
    var usual = HTTPReader.usual
    /// What this machine calls itself.
    let hostNames: [String]

    /// Where the vitald of a machine serves them.
    static let usual = ["127.0.0.1:9847", "[::1]:9847"]
    /// More addresses than a machine has uses for; each costs a listening socket.
    private static let maximumAddresses = 16
    private static let maximumHosts = 64

    /// Reads it.
    func read(_ top: inout ConfigurationObject) -> Configuration.HTTP {
        var addresses: [ListenAddress] = []
        var isDefault = true
        var protection = ListenPolicy.Protection()
        let plan = top.object("http") { object in
            isDefault = !object.has("listen") && overrides.isEmpty
            addresses = listen(&object)
            // What is there but wrong is a fault of its own; the policy does not add to it.
            protection.isEncrypted = object.has("tls")
            protection.wantsCertificate = object.raw("tls")?["clientCAFile"] != nil
            protection.wantsLogin = object.has("auth")
            var plan = AccessPlan()
            plan.tls = tls(&object, &plan)
            plan.auth = auth(&object, &plan)
            protection.isWaived = object.boolean("allowInsecure", default: false)
            plan.initial.hosts = hosts(&object, protection)
            plan.initial.limits = object.object("limits", Self.limits)
            if overrides.isEmpty { check(addresses, protection, in: &object) }
            return plan
        }
        if !overrides.isEmpty { check(overrides, protection, of: top.reading) }
        return Configuration.HTTP(
            listen: overrides.isEmpty ? addresses : overrides, isDefault: isDefault, protection: protection,
            plan: plan)
    }

    private func listen(_ object: inout ConfigurationObject) -> [ListenAddress] {
        var addresses: [ListenAddress] = []
        let shown = overrides.map(\.description)
        for text in object.strings("listen", default: usual) {
            do throws(ListenAddress.Problem) {
                let address = try ListenAddress(parsing: text)
                if address.port != 0, let other = addresses.first(where: { $0.collides(with: address) }) {
                    object.fault(
                        "listen",
                        other == address
                            ? "\(address) is listed twice"
                            : "\(address) and \(other) cannot both be served: one covers the other",
                        remedy: "Keep one of the two.")
                }
                addresses.append(address)
            } catch {
                object.fault(
                    "listen", "\(object.quote(text, else: "an address")) \(error.fact)", remedy: error.remedy)
            }
        }
        if addresses.count > Self.maximumAddresses {
            object.fault(
                "listen", "\(addresses.count) addresses are too many",
                remedy: "Keep \(Self.maximumAddresses) of them.")
        }
        if !shown.isEmpty {
            object.replace("listen") { w in w.array { w in shown.forEach { w.string($0) } } }
        }
        return addresses
    }

    private func check(
        _ addresses: [ListenAddress], _ protection: ListenPolicy.Protection,
        in object: inout ConfigurationObject
    ) {
        for address in addresses {
            if let problem = ListenPolicy.problem(with: address, under: protection) {
                object.fault("listen", problem.fact, remedy: problem.remedy)
            }
            if let warning = ListenPolicy.warning(of: address, under: protection) {
                object.reading.warn(warning)
            }
        }
    }

    private func check(
        _ addresses: [ListenAddress], _ protection: ListenPolicy.Protection, of reading: ConfigurationReading
    ) {
        for address in addresses {
            if let problem = ListenPolicy.problem(with: address, under: protection) {
                reading.add(
                    ConfigurationFault(
                        path: "--http", line: nil, fact: problem.fact, remedy: problem.remedy))
            }
            if let warning = ListenPolicy.warning(of: address, under: protection) { reading.warn(warning) }
        }
    }

    private func hosts(
        _ object: inout ConfigurationObject, _ protection: ListenPolicy.Protection
    ) -> HostList {
        let wanted = object.strings("allowedHosts", default: [])
        for host in wanted where !Self.isHost(host) {
            object.fault(
                "allowedHosts", "\(object.quote(host)) is not a valid host name",
                remedy: "Write a name without port, \"*.example.com\" for all below one, or \"*\" for any.")
        }
        if wanted.count > Self.maximumHosts {
            object.fault(
                "allowedHosts", "\(wanted.count) names are too many",
                remedy: "Keep \(Self.maximumHosts) of them.")
        }
        // A browser that was led astray knows no login, and finds no certificate for the name it was led by.
        let isGuarded = protection.isEncrypted || protection.wantsLogin
        if wanted.isEmpty, isGuarded { return .any }
        return HostList(["localhost"] + hostNames + wanted)
    }

    private static func isHost(_ text: String) -> Bool {
        if text == "*" { return true }
        let name = text.hasPrefix("*.") ? text.dropFirst(2) : Substring(text)
        return !name.isEmpty && name.utf8.count <= 253
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
                    UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }

    private static func limits(_ object: inout ConfigurationObject) -> AccessLimits {
        var limits = AccessLimits()
        // A connection costs a descriptor and some 10 KiB, over TLS some 50.
        limits.connections = object.integer("connections", default: limits.connections, in: 1...4096)
        limits.connectionsPerPeer = object.integer(
            "connectionsPerPeer", default: limits.connectionsPerPeer, in: 1...4096)
        limits.requestsPerSecond = object.integer(
            "requestsPerSecond", default: limits.requestsPerSecond, in: 1...100_000)
        limits.burst = object.integer("burst", default: limits.burst, in: 1...100_000)
        return limits
    }
}
