// SPDX-License-Identifier: Apache-2.0

import Vitals

extension Subject {
    /// Whether names are turned into addresses (resolv.conf(5)). A look-up may hang for as long as its servers do.
    static let resolver = Subject("resolver", isSlow: true) { surroundings in
        guard let path = surroundings.file("/etc/resolv.conf") else {
            return surroundings.captured("resolver")
        }
        let servers = (surroundings.text(path) ?? "").split(separator: "\n").compactMap { line -> String? in
            let words = line.split(whereSeparator: \.isWhitespace)
            return words.count > 1 && words[0] == "nameserver" ? String(words[1]) : nil
        }
        if case .failure = Resolver.system("localhost") {
            return Diagnosis(
                "resolver", .missing, "not even localhost has an address, so no check can use a name",
                remedy: "Look at /etc/hosts and the line \"hosts:\" of /etc/nsswitch.conf.")
        }
        guard !servers.isEmpty else {
            return Diagnosis(
                "resolver", .limited,
                "/etc/resolv.conf names no server, so only names of /etc/hosts have addresses",
                remedy: "Add a nameserver, or write addresses into the checks.")
        }
        return Diagnosis(
            "resolver", .ok, "asks \(servers.joined(separator: ", ")); localhost has its address")
    }
}
