// SPDX-License-Identifier: Apache-2.0

/// Objects and lists of objects.
extension ConfigurationObject {
    /// An object below this one, read by `body`; an absent one has only defaults.
    package mutating func object<R>(_ key: StaticString, _ body: (inout ConfigurationObject) -> R) -> R {
        var inner = ConfigurationObject(raw(key), path: path(of: "\(key)"), reading: reading)
        let result = body(&inner)
        inner.finish()
        remember(hiddenBelow: inner.hiddenDigest)
        let shown = inner.effectiveJSON
        show(key) { $0.raw(shown) }
        questionParts.identify("\(key)", by: "{" + inner.question() + "}")
        return result
    }

    /// A list of objects below this one, each read by `body`.
    package mutating func objects<R>(_ key: StaticString, _ body: (inout ConfigurationObject) -> R) -> [R] {
        guard let found = raw(key) else {
            show(key) { $0.array { _ in } }
            return []
        }
        guard found.kind == .array else {
            wrongKind(key, found, "a list of objects")
            return []
        }
        var results: [R] = []
        var shown: [[UInt8]] = []
        var questions: [String] = []
        for (i, element) in found.elements.enumerated() {
            var inner = ConfigurationObject(element, path: "\(path(of: "\(key)"))[\(i)]", reading: reading)
            results.append(body(&inner))
            inner.finish()
            remember(hiddenBelow: inner.hiddenDigest)
            shown.append(inner.effectiveJSON)
            questions.append("{" + inner.question() + "}")
        }
        show(key) { w in w.array { w in shown.forEach { w.raw($0) } } }
        questionParts.identify("\(key)", by: "[" + questions.joined(separator: ",") + "]")
        return results
    }
}
