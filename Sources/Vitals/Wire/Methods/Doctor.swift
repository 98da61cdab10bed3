// SPDX-License-Identifier: Apache-2.0

/// `doctor`: what vitald can and cannot see on this machine, why, and the remedy.
package enum Doctor {
    /// The method.
    package static let method = SocketMethod(
        "doctor", role: .read, "What vitald can and cannot see here and why, each with the remedy.",
        result:
            "version, uid, pid, findings [{subject, state: ok, limited, missing or unknown, fact, remedy}]")

    /// What it answers.
    package struct Reply: Sendable, Hashable {
        /// The version of the daemon.
        package var version: String
        /// The user that the daemon runs as.
        package var uid: UInt32
        /// The daemon's process.
        package var pid: Int32
        /// What was found.
        package var findings: [Diagnosis]

        /// Makes a reply.
        package init(version: String, uid: UInt32, pid: Int32, findings: [Diagnosis]) {
            self.version = version
            self.uid = uid
            self.pid = pid
            self.findings = findings
        }

        /// Writes it as one value.
        package func write(into writer: inout JSONWriter) {
            writer.object { reply in
                reply.member("version", version)
                reply.member("uid", Int64(uid))
                reply.member("pid", Int64(pid))
                reply.member(
                    "findings", array: { list in for finding in findings { finding.write(into: &list) } })
            }
        }

        /// Reads a reply; nil where it is none.
        package init?(reading value: JSONValue) {
            guard let version = value["version"]?.string, let list = value["findings"] else { return nil }
            self.version = version
            uid = UInt32(clamping: value["uid"]?.integer ?? 0)
            pid = Int32(clamping: value["pid"]?.integer ?? 0)
            findings = list.elements.compactMap { Diagnosis(reading: $0) }
        }
    }
}

extension Diagnosis {
    /// Writes it as one value.
    package func write(into writer: inout JSONWriter) {
        writer.object { finding in
            finding.member("subject", subject)
            finding.member("state", state.rawValue)
            finding.member("fact", fact)
            finding.member("remedy", remedy)
        }
    }

    /// Reads one; nil where it is none. A state of a later version is unknown to this one.
    package init?(reading value: JSONValue) {
        guard let subject = value["subject"]?.string, let fact = value["fact"]?.string else { return nil }
        self.init(
            subject, value["state"]?.string.flatMap(State.init) ?? .unknown, fact,
            remedy: value["remedy"]?.string)
    }
}
