// SPDX-License-Identifier: Apache-2.0

import Outbound
import Vitals

extension Subject {
    /// Whether names are turned into addresses (resolv.conf(5)). A look-up may hang for as long as its servers do.
    static let resolver = Subject("resolver", isSlow: true) { surroundings in
        guard surroundings.roots.files != nil else { return surroundings.captured("resolver") }
        let servers = (surroundings.machineText("/etc/resolv.conf") ?? "").split(separator: "\n").compactMap {
            line -> String? in
            let words = line.split(whereSeparator: \.isWhitespace)
            return words.count > 1 && words[0] == "nameserver" ? String(words[1]) : nil
        }
        if case .failure(let failure) = Resolver.system("localhost") {
            // vitald itself was short of something.
            if failure.outcome == .unknown {
                return Diagnosis(
                    "resolver", .unknown, failure.message,
                    remedy: "Raise LimitNOFILE= or MemoryMax= of the unit.")
            }
            return Diagnosis(
                "resolver", .missing, "not even localhost has an address, so no check can use a name",
                remedy: "Look at /etc/hosts and the line \"hosts:\" of /etc/nsswitch.conf.")
        }
        // Where the line is missing, glibc takes "files dns" (nsswitch.conf(5)).
        let order = surroundings.hostSources ?? ["files", "dns"]
        let asking = order.filter {
            $0.utf8.first != UInt8(ascii: "[") && $0 != "files" && $0 != "myhostname"
        }
        guard !asking.isEmpty else {
            return Diagnosis(
                "resolver", .limited,
                "/etc/nsswitch.conf has \"hosts: \(order.joined(separator: " "))\", so no name server is asked",
                remedy: "Add dns to that line, or write addresses into the checks.")
        }
        guard !servers.isEmpty || !asking.contains("dns") else {
            return Diagnosis(
                "resolver", .limited,
                "/etc/resolv.conf names no server, so only names of /etc/hosts have addresses",
                remedy: "Add a nameserver, or write addresses into the checks.")
        }
        let asked = servers.isEmpty ? "no server of /etc/resolv.conf" : servers.joined(separator: ", ")
        return Diagnosis(
            "resolver", .ok,
            "asks \(asked) (hosts: \(order.joined(separator: " "))); localhost has its address")
    }
}

extension Surroundings {
    /// Who is asked for addresses, in this order, by nsswitch.conf(5): `hosts: files mdns4_minimal [NOTFOUND=return] dns`.
    fileprivate var hostSources: [String]? {
        let lines = machineText("/etc/nsswitch.conf")?.split(separator: "\n") ?? []
        return lines.lazy.map { $0.drop(while: \.isWhitespace) }.first { $0.hasPrefix("hosts:") }.map {
            line in
            line.dropFirst(6).prefix { $0 != "#" }.split(whereSeparator: \.isWhitespace).map(String.init)
        }
    }
}
