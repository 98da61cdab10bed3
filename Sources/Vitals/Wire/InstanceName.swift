// SPDX-License-Identifier: Apache-2.0

/// What `vitald@NAME.service` is called behind its `@`: the name of the agent's service without `.service`, as systemctl
/// shows it, escapes and all (systemd.unit(5), %i).
package struct InstanceName: Sendable, Hashable, CustomStringConvertible {
    /// A unit's whole name has at most 255 bytes, and the path of the socket at most 107.
    package static let maximumLength = 80

    /// The name.
    package let description: String

    /// Why a text is no such name.
    package struct Problem: Error, Equatable {
        /// What is wrong.
        package let fact: String
        /// What to do about it.
        package let remedy: String
    }

    /// Reads a name; `.service` at its end may be left out.
    package init(_ text: String) throws(Problem) {
        let name = text.hasSuffix(".service") ? String(text.dropLast(".service".count)) : text
        // The characters of a unit's name; a slash cannot be one of them, so that no path leads out of /etc/vitald.
        let isPlain = name.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                || ":-_.\\@".utf8.contains(byte)
        }
        guard isPlain, !name.isEmpty, name.utf8.first != UInt8(ascii: ".") else {
            throw Problem(
                fact: "\(Quotation.quote(text)) is not a valid service name",
                remedy: "Write it as systemctl shows it, without .service, for example \"agno-data-api\".")
        }
        // /etc/vitald/config.json is that of the vitald of the machine.
        guard name != "config" else {
            throw Problem(
                fact: "\"config\" would share its configuration with the vitald of the machine",
                remedy: "Call the agent's service otherwise, or name another file with --config.")
        }
        guard name.utf8.count <= Self.maximumLength else {
            throw Problem(
                fact:
                    "is \(name.utf8.count) bytes long, and \(Self.maximumLength) fit into the path of a socket",
                remedy: "Choose another configuration and socket for it: --config FILE --socket PATH.")
        }
        description = name
    }

    /// The name as it is written in a shell: a backslash would vanish there.
    package var quoted: String { Quotation.shell(description) }

    /// The agent's unit.
    package var unit: String { description + ".service" }

    /// Where its configuration is, if it has one.
    package var configurationPath: String { "/etc/vitald/\(description).json" }

    /// Where its socket is.
    package var socketPath: String { "\(SocketLookup.directory)/\(description)/vitald.sock" }
}
