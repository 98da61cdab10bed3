// SPDX-License-Identifier: Apache-2.0

extension ConfigurationObject {
    /// A text that may hold a secret, with `${NAME}` replaced; `mask` makes of what is written what may be shown.
    package mutating func maskedString(_ key: StaticString, mask: (String) -> String) -> String? {
        guard let found = raw(key) else { return nil }
        guard let text = found.string else {
            fault("\(key)", "is \(found.kind.phrase), not a string", remedy: "Write a string.")
            return nil
        }
        let expanded = expand(text, key)
        guard !expanded.utf8.contains(0) || mask(text) != SecretMask.mask(text) else {
            // Text that is used as text ends at a NUL for whoever gets it; bytes to send (masked whole) may hold one.
            fault("\(key)", "holds a NUL character", remedy: "Remove it.")
            return nil
        }
        show(key) { $0.string(mask(text)) }
        if expanded != mask(text) { remember(hidden: expanded, of: key) }
        return expanded
    }

    /// Texts under names of the user's choice, in the order of the file, with `${NAME}` replaced; an absent object
    /// is empty. `mask` makes of a name and what is written there what may be shown.
    package mutating func namedStrings(
        _ key: StaticString,
        mask: (_ name: String, _ value: String) -> String = { SecretMask.mask($1) }
    ) -> [(name: String, value: String)] {
        guard let found = raw(key) else {
            show(key) { $0.object { _ in } }
            return []
        }
        guard found.kind == .object else {
            wrongKind(key, found, "an object of strings")
            return []
        }
        let inner = ConfigurationObject(found, path: path(of: "\(key)"), reading: reading)
        var result: [(name: String, value: String)] = []
        var shown: [(name: String, value: String)] = []
        for member in found.members {
            guard let name = member.key.string, name != "//" else { continue }
            guard let text = member.value.string else {
                inner.fault(
                    name, "is \(member.value.kind.phrase), not a string", remedy: "Put it in double quotes.")
                continue
            }
            let expanded = inner.expand(text, name)
            guard !expanded.utf8.contains(0) else {
                inner.fault(name, "holds a NUL character", remedy: "Remove it.")
                continue
            }
            if expanded != mask(name, text) { digest(expanded) }
            result.append((name, expanded))
            shown.append((name, mask(name, text)))
        }
        show(key) { w in w.object { w in shown.forEach { w.member($0.name, $0.value) } } }
        // Who asks with another credential asks the same.
        let plain = result.filter { !SecretMask.isSecretHeader($0.name) }
        identify(key, by: plain.map { "\($0.name)\0\($0.value)" }.joined(separator: "\0"))
        return result
    }
}
