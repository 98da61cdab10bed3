// SPDX-License-Identifier: Apache-2.0

import Vitals

/// Colours for people: only on a terminal, and never the only carrier of a meaning.
enum Paint {
    case plain
    case coloured

    /// What a colour says.
    enum Tone {
        /// In order.
        case good
        /// Needs a look.
        case caution
        /// Not in order.
        case bad
        /// Nothing is known, or nothing is to be known.
        case faint
        /// Neither.
        case plain
    }

    /// A text in the colour of this tone.
    func text(_ text: String, _ tone: Tone) -> String {
        switch tone {
        case .good: wrap(text, "32")
        case .caution: wrap(text, "33")
        case .bad: wrap(text, "31")
        case .faint: wrap(text, "2")
        case .plain: text
        }
    }

    /// A state in its colour.
    func state(_ state: HealthState) -> String { text(state.word, state.tone) }

    /// The state of a finding in its colour.
    func state(_ state: Diagnosis.State, padded width: Int = 0) -> String {
        let tone: Tone =
            switch state {
            case .ok: .good
            case .limited: .caution
            case .missing: .bad
            case .unknown: .faint
            }
        return text(Table.pad(state.rawValue, to: width), tone)
    }

    /// What may be overlooked.
    func faint(_ text: String) -> String { wrap(text, "2") }

    /// A heading.
    func bold(_ text: String) -> String { wrap(text, "1") }

    private func wrap(_ text: String, _ code: String) -> String {
        self == .plain || text.isEmpty ? text : "\u{1B}[\(code)m\(text)\u{1B}[0m"
    }
}

extension HealthState {
    /// Its colour.
    var tone: Paint.Tone {
        switch self {
        case .healthy: .good
        case .degraded, .stale: .caution
        case .unhealthy: .bad
        case .unknown, .pending, .switchedOff: .faint
        }
    }
}

extension Outcome {
    /// Its colour.
    var tone: Paint.Tone {
        switch self {
        case .pass: .good
        case .warn: .caution
        case .fail: .bad
        case .unknown: .faint
        }
    }
}

extension HealthChange.Transition {
    /// The colours of the words before and after.
    var tones: (from: Paint.Tone, to: Paint.Tone) {
        switch self {
        case .state(let from, let to): (from.tone, to.tone)
        case .unmuted(let state): (.plain, state.tone)
        case .flappingStarted: (.plain, .caution)
        case .flappingStopped: (.caution, .plain)
        case .maintenanceStarted, .maintenanceEnded: (.plain, .plain)
        }
    }
}
