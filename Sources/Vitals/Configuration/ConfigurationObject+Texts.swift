// SPDX-License-Identifier: Apache-2.0

/// Texts, lists of texts and secrets.
extension ConfigurationObject {
    /// A text, with `${NAME}` replaced from the environment; nil where absent. A password inside it is masked
    /// wherever the configuration is shown, and warned about once.
    package mutating func optionalString(_ key: StaticString) -> String? {
        guard let (written, expanded) = concealedString(key) else { return nil }
        if SecretMask.hidesSomething(in: written) {
            reading.warn(
                once: .inlinePassword,
                "\(path(of: "\(key)")): a password is written out in the configuration. "
                    + "Move it to a passwordFile, a passwordCredential or the environment (\"${NAME}\").")
        }
        show(key) { $0.string(SecretMask.mask(written)) }
        return expanded
    }

    /// A text that may hold a secret: as it is written, and with `${NAME}` replaced; nil where absent.
    ///
    /// The caller must `show` the effective value itself, masked, and warn of a password in it.
    package mutating func concealedString(_ key: StaticString) -> (written: String, expanded: String)? {
        guard let found = raw(key) else { return nil }
        guard let text = found.string else {
            wrongKind(key, found, "a string")
            return nil
        }
        let expanded = expand(text, key)
        guard !expanded.utf8.contains(0) else {
            // The kernel and the C libraries end a text there: what is checked would not be what is used.
            fault("\(key)", "holds a NUL character", remedy: "Remove it.")
            return nil
        }
        if expanded != SecretMask.mask(text) { remember(hidden: expanded, of: key) }
        return (text, expanded)
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

    /// A list of texts with a default.
    package mutating func strings(_ key: StaticString, default fallback: [String]) -> [String] {
        guard let found = raw(key) else {
            show(key) { w in w.array { w in fallback.forEach { w.string($0) } } }
            return fallback
        }
        guard found.kind == .array else {
            let example = found.string == nil ? nil : "[\(found.shown)]"
            wrongKind(key, found, "a list of strings", example: example)
            return fallback
        }
        var result: [String] = []
        var shown: [String] = []
        for (i, element) in found.elements.enumerated() {
            guard let text = element.string else {
                reading.add(
                    ConfigurationFault(
                        path: path(of: "\(key)[\(i)]"), line: element.place.line,
                        fact: "is \(element.kind.phrase), not a string", remedy: "Put it in double quotes."))
                continue
            }
            let expanded = expand(text, key)
            guard !expanded.utf8.contains(0) else {
                fault("\(key)", "element \(i) holds a NUL character", remedy: "Remove it.")
                continue
            }
            if expanded != SecretMask.mask(text) { remember(hidden: expanded, of: key) }
            shown.append(SecretMask.mask(text))
            result.append(expanded)
        }
        show(key) { w in w.array { w in shown.forEach { w.string($0) } } }
        return result
    }

    /// A secret from `<prefix>File` or `<prefix>Credential` (a name below $CREDENTIALS_DIRECTORY).
    package mutating func secret(_ fileKey: StaticString, _ credentialKey: StaticString) -> Secret? {
        let file = optionalString(fileKey)
        let credential = optionalString(credentialKey)
        remember(credential: nil, at: fileKey)
        remember(credential: nil, at: credentialKey)
        if file != nil, credential != nil {
            fault("\(fileKey)", "stands beside `\(credentialKey)`", remedy: "Keep one of the two.")
            return nil
        }
        var source = file
        var key = "\(fileKey)"
        if let credential {
            key = "\(credentialKey)"
            guard !credential.isEmpty, !credential.utf8.contains(UInt8(ascii: "/")), credential != "..",
                credential != "."
            else {
                fault(
                    key, "\(Quotation.quote(credential)) is not the name of a credential",
                    remedy: "Write the name alone, as LoadCredential= has it.")
                return nil
            }
            guard let directory = reading.surroundings.credentialsDirectory else {
                fault(
                    key, "there is no $CREDENTIALS_DIRECTORY",
                    remedy:
                        "Run vitald under systemd with LoadCredential=\(credential):PATH, or use `\(fileKey)`."
                )
                return nil
            }
            source = "\(directory)/\(credential)"
        }
        guard let source else { return nil }
        guard !source.isEmpty else {
            fault(key, "is empty", remedy: "Write the path of the file, or remove the line.")
            return nil
        }
        switch reading.surroundings.readSecret(source) {
        case .success(let text):
            digest(text)
            return Secret(text)
        case .failure(let problem):
            fault(key, problem.fact, remedy: problem.remedy)
            return nil
        }
    }
}
