// SPDX-License-Identifier: Apache-2.0

/// What of one object of the configuration decides what a check asks, beside the values that are shown.
struct QuestionParts: Sendable {
    /// What stands for a key in the place of its shown value: nested objects without their thresholds, addresses without
    /// their passwords.
    private(set) var identities: [String: String] = [:]
    /// Digests of what is not shown, by key; the empty key for what belongs to none.
    private(set) var hidden: [String: Int] = [:]
    /// The keys that hold credentials or name the files of them.
    private(set) var credentials: Set<String> = []

    mutating func hide(_ text: String, _ key: String) {
        var hasher = Hasher()
        hasher.combine(hidden[key])
        hasher.combine(text)
        hidden[key] = hasher.finalize()
    }

    mutating func identify(_ key: String, by identity: String) {
        identities[key] = identity
        // The identity says what the hidden text would.
        hidden[key] = nil
    }

    mutating func addCredential(_ key: String) { credentials.insert(key) }
}

extension ConfigurationObject {
    /// Notes a credential, or the key that names its file: a check that logs in by another password has to connect
    /// again, and still asks the same.
    package mutating func remember(credential text: String?, at key: StaticString) {
        if let text { digest(text) }
        questionParts.addCredential("\(key)")
    }

    /// Says what stands for a key in the question, in the place of its text: for an address that may hold a password.
    /// Only a digest of it is kept.
    package mutating func identify(_ key: StaticString, by identity: String) {
        var hasher = Hasher()
        hasher.combine(identity)
        questionParts.identify("\(key)", by: Self.text(of: hasher.finalize()))
    }

    /// What stands for the question of a check: all that was read from the `start`-th shown key on, but for thresholds,
    /// credentials, and the keys that are set aside. Means nothing in another process, and says no secret.
    package func question(from start: Int = 0, settingAside aside: Set<String> = []) -> String {
        let first = min(max(0, start), effective.count)
        var out = ""
        for (key, json) in effective[first...] where counts(key, aside) {
            out += key + ":" + (questionParts.identities[key] ?? String(decoding: json, as: UTF8.self))
            out += questionParts.hidden[key].map { Self.text(of: $0) } ?? ""
            out += ";"
        }
        let shown = Set(effective.map(\.key))
        for key in questionParts.hidden.keys.sorted() where !shown.contains(key) && counts(key, aside) {
            out += key + ":" + (questionParts.hidden[key].map { Self.text(of: $0) } ?? "") + ";"
        }
        return out
    }

    private func counts(_ key: String, _ aside: Set<String>) -> Bool {
        !aside.contains(key) && !questionParts.credentials.contains(key) && !Self.isThreshold(key)
    }

    /// `warnLatency`, `failOnOOM`: the manual's names for what turns an answer into a warning or a failure.
    static func isThreshold(_ key: String) -> Bool {
        let bytes = key.utf8
        guard bytes.starts(with: "warn".utf8) || bytes.starts(with: "fail".utf8),
            let next = bytes.dropFirst(4).first
        else { return false }
        return (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(next)
    }

    private static func text(of digest: Int) -> String { "#" + String(UInt(bitPattern: digest), radix: 16) }
}
