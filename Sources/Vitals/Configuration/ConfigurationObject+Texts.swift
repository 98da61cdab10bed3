// SPDX-License-Identifier: Apache-2.0

/// Texts, lists of texts and secrets.
extension ConfigurationObject {
    /// A name, a word, an address: a text with `${NAME}` replaced from the environment, which neither begins nor ends
    /// with a blank; nil where absent. Secrets in it are masked wherever the configuration is shown, and a credential
    /// that is written out is warned about once.
    package mutating func optionalString(_ key: StaticString) -> String? {
        optionalText(key).map { withoutOuterBlanks($0, "\(key)") }
    }

    /// A text for people or for another program, in which blanks count; else as `optionalString`.
    package mutating func optionalText(_ key: StaticString) -> String? {
        guard let (written, expanded) = concealedText(key) else { return nil }
        if SecretMask.holdsCredential(written) {
            reading.warn(
                once: .inlinePassword,
                "\(path(of: "\(key)")): a password is written out in the configuration. "
                    + "Move it to a passwordFile, a passwordCredential or the environment (\"${NAME}\").")
        }
        show(key) { $0.string(SecretMask.mask(written)) }
        return expanded
    }

    /// An address that may hold a secret: as it is written, and with `${NAME}` replaced; nil where absent.
    ///
    /// The caller must `show` the effective value itself, masked, and warn of a password in it.
    package mutating func concealedString(
        _ key: StaticString, inserting: Insertion = { value, _, _ in value }
    ) -> (written: String, expanded: String)? {
        concealedText(key, inserting: inserting).map {
            ($0.written, withoutOuterBlanks($0.expanded, "\(key)"))
        }
    }

    private mutating func concealedText(
        _ key: StaticString, inserting: Insertion = { value, _, _ in value }
    ) -> (written: String, expanded: String)? {
        guard let found = raw(key) else { return nil }
        guard let text = found.string else {
            wrongKind(key, found, "a string")
            return nil
        }
        let expanded = expand(text, key, inserting: inserting)
        guard !expanded.utf8.contains(0) else {
            // The kernel and the C libraries end a text there: what is checked would not be what is used.
            fault("\(key)", "holds a NUL character", remedy: "Remove it.")
            return nil
        }
        if expanded != SecretMask.mask(text) { remember(hidden: expanded, of: key) }
        return (text, expanded)
    }

    /// The text without the blanks at its ends, which are a fault of their own and of no other.
    private func withoutOuterBlanks(_ text: String, _ key: String) -> String {
        let trimmed = Quotation.trimmed(text)
        if trimmed.utf8.count != text.utf8.count {
            fault(key, "begins or ends with a blank", remedy: "Remove the blank.")
        }
        return trimmed
    }

    /// A text with a default.
    package mutating func string(_ key: StaticString, default fallback: String) -> String {
        if let text = optionalString(key) { return text }
        if !has(key) { show(key) { $0.string(fallback) } }
        return fallback
    }

    /// A text that must be there and not be empty.
    package mutating func requiredString(_ key: StaticString, example: String) -> String {
        guard has(key) else {
            _ = raw(key)
            fault(nil, "`\(key)` is missing", remedy: "Add it, for example \"\(key)\": \"\(example)\".")
            return ""
        }
        guard let text = optionalString(key) else { return "" }
        if text.isEmpty { fault("\(key)", "is empty", remedy: "Write for example \"\(example)\".") }
        return text
    }

    /// A list of names or words with a default; none begins or ends with a blank.
    package mutating func strings(_ key: StaticString, default fallback: [String]) -> [String] {
        guard let found = raw(key) else {
            show(key) { w in w.array { w in fallback.forEach { w.string($0) } } }
            return fallback
        }
        guard found.kind == .array else {
            let example = found.string.flatMap { Quotation.mayQuote($0) ? "[\(quote($0))]" : nil }
            wrongKind(key, found, "a list of strings", example: example)
            return fallback
        }
        var result: [String] = []
        var shown: [String] = []
        for (i, element) in found.elements.enumerated() {
            guard let text = element.string else {
                fault(
                    key, at: i, line: element.place.line, "is \(element.kind.phrase), not a string",
                    remedy: "Put it in double quotes.")
                continue
            }
            let expanded = expand(text, key)
            guard !expanded.utf8.contains(0) else {
                fault(key, at: i, line: element.place.line, "holds a NUL character", remedy: "Remove it.")
                continue
            }
            let trimmed = Quotation.trimmed(expanded)
            if trimmed.utf8.count != expanded.utf8.count {
                fault(
                    key, at: i, line: element.place.line, "begins or ends with a blank",
                    remedy: "Remove the blank.")
            }
            if expanded != SecretMask.mask(text) { remember(hidden: expanded, of: key) }
            shown.append(SecretMask.mask(text))
            result.append(trimmed)
        }
        show(key) { w in w.array { w in shown.forEach { w.string($0) } } }
        return result
    }

    private func fault(_ key: StaticString, at index: Int, line: Int, _ fact: String, remedy: String) {
        guard reading.takesMore else { return reading.countMore() }
        reading.add(
            ConfigurationFault(path: path(of: "\(key)[\(index)]"), line: line, fact: fact, remedy: remedy))
    }

    /// A secret from `<prefix>File` or `<prefix>Credential` (a name below $CREDENTIALS_DIRECTORY).
    package mutating func secret(_ fileKey: StaticString, _ credentialKey: StaticString) -> Secret? {
        let file = optionalFile(fileKey)
        let credential = optionalString(credentialKey)
        remember(credential: nil, at: fileKey)
        remember(credential: nil, at: credentialKey)
        if has(fileKey), has(credentialKey) {
            fault(
                "\(fileKey)", "is set beside `\(credentialKey)`", remedy: "Keep one of the two.")
            return nil
        }
        if let file { return readSecret(file, "\(fileKey)").map { Secret($0) } }
        guard let credential else { return nil }
        // The name is not quoted: it may be the secret itself, and the key tells where it stands.
        guard !credential.isEmpty, !credential.utf8.contains(UInt8(ascii: "/")), credential != "..",
            credential != "."
        else {
            fault(
                "\(credentialKey)", "is not the name of a credential",
                remedy: "Write the name alone, as LoadCredential= has it.")
            return nil
        }
        guard let directory = reading.surroundings.credentialsDirectory else {
            fault(
                "\(credentialKey)", "there is no $CREDENTIALS_DIRECTORY",
                remedy: "Run vitald under systemd with LoadCredential=, or use `\(fileKey)`.")
            return nil
        }
        let path = "\(directory)/\(credential)"
        switch reading.surroundings.readSecret(path) {
        case .success(let text):
            digest(text)
            return Secret(text)
        case .failure(let problem):
            if reading.surroundings.pathExists(path) {
                fault("\(credentialKey)", problem.fact, remedy: problem.remedy)
            } else {
                fault(
                    "\(credentialKey)", "there is no credential of this name in $CREDENTIALS_DIRECTORY",
                    remedy: "Add LoadCredential=NAME:PATH to the unit, or correct the name.")
            }
            return nil
        }
    }
}
