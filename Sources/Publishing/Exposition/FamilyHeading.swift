// SPDX-License-Identifier: Apache-2.0

import Vitals

/// The lines above a family's samples, rendered once and copied at every scrape.
struct FamilyHeading {
    /// The family.
    let family: MetricFamily
    /// Whether the name is one that every parser takes.
    let isValid: Bool
    /// OpenMetrics' name of a counter, without `_total`; nil for everything else.
    let counterName: String?
    /// `# HELP` and `# TYPE` of text 0.0.4.
    let text: [UInt8]
    /// `# TYPE` and `# HELP` of OpenMetrics.
    let openMetrics: [UInt8]
    /// The same for a counter whose short name is taken by another family of the page: of type `unknown`.
    let openMetricsUnknown: [UInt8]

    init(_ family: MetricFamily) {
        self.family = family
        isValid = Self.isValid(family.name)
        let suffix = "_total"
        let isTotal = family.kind == .counter && family.name.hasSuffix(suffix)
        let short = isTotal ? String(family.name.dropLast(suffix.count)) : ""
        counterName = short.isEmpty ? nil : short

        let help = Self.escape(family.help, quotes: false)
        text =
            (help.isEmpty ? [] : Self.line("HELP", family.name, help))
            + Self.line("TYPE", family.name, Array(Self.word(family.kind).utf8))

        let quoted = Self.escape(family.help, quotes: true)
        func heading(_ name: String, _ type: String) -> [UInt8] {
            Self.line("TYPE", name, Array(type.utf8))
                + (quoted.isEmpty ? [] : Self.line("HELP", name, quoted))
        }
        openMetricsUnknown = heading(family.name, "unknown")
        if let counterName {
            openMetrics = heading(counterName, "counter")
        } else {
            switch family.kind {
            case .counter, .untyped: openMetrics = openMetricsUnknown
            case .gauge, .histogram: openMetrics = heading(family.name, Self.word(family.kind))
            }
        }
    }

    private static func word(_ kind: MetricFamily.Kind) -> String {
        switch kind {
        case .counter: "counter"
        case .gauge: "gauge"
        case .histogram: "histogram"
        case .untyped: "untyped"
        }
    }

    private static func line(_ keyword: String, _ name: String, _ rest: [UInt8]) -> [UInt8] {
        Array("# \(keyword) \(name) ".utf8) + rest + [UInt8(ascii: "\n")]
    }

    /// Text 0.0.4 escapes `\` and the line feed in a help; OpenMetrics the quote as well.
    private static func escape(_ help: String, quotes: Bool) -> [UInt8] {
        var out: [UInt8] = []
        for byte in help.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): out += [byte, byte]
            case UInt8(ascii: "\n"): out += [UInt8(ascii: "\\"), UInt8(ascii: "n")]
            case UInt8(ascii: "\r"): out.append(UInt8(ascii: " "))
            case UInt8(ascii: "\"") where quotes: out += [UInt8(ascii: "\\"), byte]
            default: out.append(byte)
            }
        }
        return out
    }

    /// `[a-zA-Z_:][a-zA-Z0-9_:]*`: one name outside of it makes Prometheus throw the whole page away.
    private static func isValid(_ name: String) -> Bool {
        var first = true
        for byte in name.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "_"), UInt8(ascii: ":"):
                break
            case UInt8(ascii: "0")...UInt8(ascii: "9") where !first: break
            default: return false
            }
            first = false
        }
        return !first
    }
}
