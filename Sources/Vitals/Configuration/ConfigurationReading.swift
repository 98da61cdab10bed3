// SPDX-License-Identifier: Apache-2.0

/// What is gathered while one configuration is read: its faults, its warnings, and the effective values.
///
/// A class, because every cursor into the same configuration writes to the same place; confined to whoever
/// reads the configuration.
package final class ConfigurationReading {
    /// Where environment references and credentials are looked up.
    package let surroundings: ConfigurationSurroundings
    /// What is wrong, in the order in which it was found.
    package private(set) var faults: [ConfigurationFault] = []
    /// What works but should not be so, one sentence each.
    package private(set) var warnings: [String] = []

    /// Makes an empty gathering.
    package init(surroundings: ConfigurationSurroundings) { self.surroundings = surroundings }

    /// Records a fault.
    package func add(_ fault: ConfigurationFault) {
        guard takesMore else { return countMore() }
        faults.append(fault)
    }

    /// Records a warning.
    package func warn(_ sentence: String) { if !warnings.contains(sentence) { warnings.append(sentence) } }

    /// Records a warning of a topic of which the first is enough.
    func warn(once topic: Topic, _ sentence: String) {
        if topics.insert(topic).inserted { warn(sentence) }
    }

    /// What references to the environment came to: none of it is quoted, whatever it looks like.
    private var expanded: Set<String> = []

    /// Notes what a text with references came to.
    func note(expanded text: String) { expanded.insert(text) }

    /// The value in quotes where a sentence may quote it, else `words`.
    package func quote(_ value: String, else words: String = Quotation.substitute) -> String {
        expanded.contains(value) ? words : Quotation.quote(value, else: words)
    }

    /// The path in quotes where a sentence may quote it, else `words`.
    package func quote(path: String, else words: String = "the file") -> String {
        let exists = surroundings.pathExists
        guard !expanded.contains(path) || exists(path) else { return words }
        return Quotation.quote(path: path, else: words, exists: exists)
    }

    /// The surroundings, with faults that name a file only where its path may be quoted. For what reads files by
    /// itself.
    package var discreetSurroundings: ConfigurationSurroundings {
        var discreet = surroundings
        discreet.readSecret = { [surroundings, expanded] path in
            surroundings.readSecret(path).mapError {
                Self.discreet($0, path, expanded, surroundings.pathExists)
            }
        }
        discreet.readTrusted = { [surroundings, expanded] path in
            surroundings.readTrusted(path).mapError {
                Self.discreet($0, path, expanded, surroundings.pathExists)
            }
        }
        return discreet
    }

    private static func discreet(
        _ fault: ConfigurationSurroundings.SecretFault, _ path: String, _ expanded: Set<String>,
        _ exists: (String) -> Bool
    ) -> ConfigurationSurroundings.SecretFault {
        let isKnown =
            expanded.contains(path) ? exists(path) : Quotation.isKnown(path: path, exists: exists)
        if isKnown { return fault }
        return ConfigurationSurroundings.SecretFault(
            fact: "is not the path of a file", remedy: "Write the absolute path of a file that exists.",
            isPassing: fault.isPassing)
    }

    /// What is warned about once in a whole configuration.
    enum Topic {
        /// A password that stands in a text of the file.
        case inlinePassword
    }

    private var topics: Set<Topic> = []

    /// Faults beyond this many are counted, not listed: nobody reads on, and naming the line of each would make
    /// the reading of a large wrong file quadratic.
    package static let maximumFaults = 200

    /// How many faults were only counted.
    package private(set) var unlisted = 0

    /// Whether one more fault is listed.
    var takesMore: Bool { faults.count < ConfigurationReading.maximumFaults }

    /// Counts a fault that is not listed.
    func countMore() { unlisted += 1 }
}

/// What a configuration may refer to outside of itself; comes in from the daemon, so that tests need none.
package struct ConfigurationSurroundings: Sendable {
    /// The value of an environment variable.
    package var environment: @Sendable (_ name: String) -> String?
    /// Reads a secret's file: the bytes, or a fault's fact and remedy (missing, foreign owner, open mode).
    package var readSecret: @Sendable (_ path: String) -> Result<String, SecretFault>
    /// Reads a file that decides who is believed, such as certificates: its bytes, or a fault's fact and remedy.
    package var readTrusted: @Sendable (_ path: String) -> Result<[UInt8], SecretFault>
    /// `$CREDENTIALS_DIRECTORY` (systemd.exec(5), LoadCredential=), where there is one.
    package var credentialsDirectory: String?
    /// Hears of every file that is about to be opened: where that hangs, its path is what people need.
    package var opening: @Sendable (_ path: String) -> Void
    /// Whether anything has this path; decides whether a path may be quoted.
    package var pathExists: @Sendable (_ path: String) -> Bool

    /// Why a secret's file cannot be used.
    package struct SecretFault: Error, Sendable {
        /// What is wrong.
        package let fact: String
        /// What to do about it.
        package let remedy: String
        /// Whether it may be gone the next time with the same file, for it lies with the machine.
        package let isPassing: Bool

        /// Makes a fault.
        package init(fact: String, remedy: String, isPassing: Bool = false) {
            self.fact = fact
            self.remedy = remedy
            self.isPassing = isPassing
        }
    }

    /// Makes surroundings.
    package init(
        environment: @escaping @Sendable (_ name: String) -> String?,
        readSecret: @escaping @Sendable (_ path: String) -> Result<String, SecretFault>,
        readTrusted: @escaping @Sendable (_ path: String) -> Result<[UInt8], SecretFault> = { path in
            .failure(
                SecretFault(
                    fact: "the file does not exist", remedy: "Create it, or name another one."))
        },
        credentialsDirectory: String? = nil,
        opening: @escaping @Sendable (_ path: String) -> Void = { _ in },
        pathExists: @escaping @Sendable (_ path: String) -> Bool = { _ in false }
    ) {
        self.opening = opening
        self.pathExists = pathExists
        self.environment = environment
        self.readSecret = readSecret
        self.readTrusted = readTrusted
        self.credentialsDirectory = credentialsDirectory
    }

    /// Surroundings without anything in them.
    package static let none = ConfigurationSurroundings(
        environment: { _ in nil },
        readSecret: { _ in .failure(SecretFault(fact: "there are no files here", remedy: "Use a value.")) })
}
