// SPDX-License-Identifier: Apache-2.0

import Sampling
import Vitals

/// What a reload compares.
extension CheckDefinition {
    /// Takes from what was read what stands for the whole check, for its question and for its probe. `start` is how many
    /// keys had been shown when those of its kind began.
    mutating func identify(by object: ConfigurationObject, from start: Int, as kind: any CheckKind.Type) {
        let hidden =
            object.hiddenDigest == 0 ? "" : " #\(String(UInt(bitPattern: object.hiddenDigest), radix: 16))"
        fingerprint = String(decoding: object.effectiveJSON, as: UTF8.self) + hidden
        question = object.question(from: start, settingAside: kind.judgementKeys)
        let own = object.effective[min(start, object.effective.count)...].map { key, json in
            key + ":" + String(decoding: json, as: UTF8.self)
        }
        // Some probes hand their deadline on when they connect.
        probeFingerprint = ([type, "\(timeout.nanoseconds)"] + own).joined(separator: ";") + hidden
    }
}

/// What a journal check leaves to the object `journal`: where the journal lies, and the pattern that it names.
extension ConfiguredCheck {
    /// The check with that in its question; `section` is the effective object.
    func completed(by section: JSONValue) -> ConfiguredCheck {
        guard let kind = kind as? JournalKind else { return self }
        var parts = [section["directory"]]
        if let name = kind.patternName?.name {
            parts.append(section["patterns"]?.elements.first { $0["name"]?.string == name })
        }
        let text = parts.map { part in part.map { String(decoding: $0.source, as: UTF8.self) } ?? "" }
            .joined(separator: ";")
        var check = self
        check.definition.question += text
        check.definition.probeFingerprint += text
        check.definition.fingerprint += text
        return check
    }
}
