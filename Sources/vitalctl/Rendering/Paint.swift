// SPDX-License-Identifier: Apache-2.0

import Vitals

/// Colours for people: only on a terminal, and never the only carrier of a meaning.
enum Paint {
    case plain
    case coloured

    /// A word of health in its colour.
    func health(_ word: String, padded width: Int = 0) -> String {
        let text = Table.pad(word, to: width)
        return switch word {
        case "healthy", "pass", "running", "OK": wrap(text, "32")
        case "degraded", "warn", "stale", "flapping", "WARNING", "frozen", "missing": wrap(text, "33")
        case "unhealthy", "fail", "CRITICAL": wrap(text, "31")
        case "unknown", "pending", "exited", "off": wrap(text, "2")
        default: text
        }
    }

    /// The state of a finding in its colour.
    func state(_ state: Diagnosis.State, padded width: Int = 0) -> String {
        let text = Table.pad(state.rawValue, to: width)
        return switch state {
        case .ok: wrap(text, "32")
        case .limited: wrap(text, "33")
        case .missing: wrap(text, "31")
        case .unknown: wrap(text, "2")
        }
    }

    /// What may be overlooked.
    func faint(_ text: String) -> String { wrap(text, "2") }

    /// A heading.
    func bold(_ text: String) -> String { wrap(text, "1") }

    private func wrap(_ text: String, _ code: String) -> String {
        self == .plain || text.isEmpty ? text : "\u{1B}[\(code)m\(text)\u{1B}[0m"
    }
}
