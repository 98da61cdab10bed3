// SPDX-License-Identifier: Apache-2.0

/// Paths of files.
extension ConfigurationObject {
    /// The absolute path of a file; nil where absent or faulty. A relative one would mean another file for each
    /// directory that vitald is started in: systemd starts it in `/`.
    package mutating func optionalFile(_ key: StaticString) -> String? {
        guard let path = optionalString(key) else { return nil }
        return refuseRelative(path, "\(key)") ? nil : path
    }

    /// The absolute path of a file that must be named; nil after a fault.
    package mutating func requiredFile(_ key: StaticString, example: String) -> String? {
        guard has(key) else {
            _ = requiredString(key, example: example)
            return nil
        }
        return optionalFile(key)
    }

    /// The absolute paths of a list.
    package mutating func files(_ key: StaticString) -> [String] {
        strings(key, default: []).filter { !refuseRelative($0, "\(key)") }
    }

    /// The secret in a file; nil after a fault, which names the file only where that is one.
    package mutating func readSecret(_ path: String, _ key: String, subject: String = "") -> String? {
        guard !refuseRelative(path, key, subject: subject) else { return nil }
        switch reading.discreetSurroundings.readSecret(path) {
        case .success(let text):
            digest(text)
            return text
        case .failure(let problem):
            fault(key, subject + problem.fact, remedy: problem.remedy)
            return nil
        }
    }

    /// Refuses what is no absolute path; tells whether it did.
    package func refuseRelative(_ path: String, _ key: String, subject: String = "") -> Bool {
        guard path.utf8.first != UInt8(ascii: "/") else { return false }
        fault(
            key,
            subject + (path.isEmpty ? "is empty" : "is not an absolute path"),
            remedy: "Write the path of the file from / on, or remove the line.")
        return true
    }
}
