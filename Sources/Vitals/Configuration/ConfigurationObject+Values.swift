// SPDX-License-Identifier: Apache-2.0

/// Truths, numbers, durations, sizes and words. Texts have a file of their own.
extension ConfigurationObject {
    /// True or false with a default.
    package mutating func boolean(_ key: StaticString, default fallback: Bool) -> Bool {
        guard let found = raw(key) else {
            show(key) { $0.boolean(fallback) }
            return fallback
        }
        guard let truth = found.boolean else {
            wrongKind(key, found, "true or false")
            return fallback
        }
        show(key) { $0.boolean(truth) }
        return truth
    }

    /// A whole number within a range, with a default.
    package mutating func integer(_ key: StaticString, default fallback: Int, in range: ClosedRange<Int>)
        -> Int
    {
        guard let found = raw(key) else {
            show(key) { $0.integer(Int64(fallback)) }
            return fallback
        }
        guard let number = found.integer else {
            wrongKind(key, found, "a whole number from \(range.lowerBound) to \(range.upperBound)")
            return fallback
        }
        guard range.contains(Int(number)) else {
            fault(
                "\(key)", "\(number) is outside \(range.lowerBound) to \(range.upperBound)",
                remedy: "Write a whole number from \(range.lowerBound) to \(range.upperBound), "
                    + "or remove the line to get \(fallback).")
            return fallback
        }
        show(key) { $0.integer(number) }
        return Int(number)
    }

    /// A percentage from 0 to 100; nil where absent.
    package mutating func optionalPercent(_ key: StaticString) -> Double? {
        guard let found = raw(key) else { return nil }
        guard let number = found.double else {
            wrongKind(key, found, "a number from 0 to 100")
            return nil
        }
        guard number >= 0, number <= 100 else {
            fault("\(key)", "\(quote(found)) is not a percentage", remedy: "Write a number from 0 to 100.")
            return nil
        }
        show(key) { $0.number(number) }
        return number
    }

    /// A percentage from 0 to 100 with a default.
    package mutating func percent(_ key: StaticString, default fallback: Double) -> Double {
        if let number = optionalPercent(key) { return number }
        if !has(key) { show(key) { $0.number(fallback) } }
        return fallback
    }

    /// A duration such as "10s" within a range; nil where absent.
    package mutating func optionalDuration(_ key: StaticString, in range: ClosedRange<Duration>) -> Duration?
    {
        optionalDuration(key, in: range, fallback: nil)
    }

    /// A duration with a default.
    package mutating func duration(
        _ key: StaticString, default fallback: Duration, in range: ClosedRange<Duration>
    ) -> Duration {
        if let duration = optionalDuration(key, in: range, fallback: fallback) { return duration }
        if !has(key) { show(key) { $0.string(DurationText.render(fallback)) } }
        return fallback
    }

    private mutating func optionalDuration(
        _ key: StaticString, in range: ClosedRange<Duration>, fallback: Duration?
    ) -> Duration? {
        guard let found = raw(key) else { return nil }
        guard let text = found.string else {
            // Whoever writes 10 means seconds more often than not, so the example says what they would get.
            let example = found.integer.map { $0 > 0 ? "\"\($0)s\"" : "\"10s\"" } ?? "\"10s\""
            let fact =
                found.kind == .number
                ? "\(quote(found)) has no unit" : "is \(found.kind.phrase), not a duration"
            fault("\(key)", fact, remedy: "Write a string with its unit, for example \(example).")
            return nil
        }
        guard let duration = DurationText.parse(expand(text, key)) else {
            fault(
                "\(key)", "\(quote(text)) is not a duration",
                remedy: "Write a number with its unit: ms, s, m, h or d, for example \"10s\".")
            return nil
        }
        let said = Quotation.mayQuote(text) ? text : Quotation.substitute
        let removing =
            fallback.map { ", or remove the line to get \(DurationText.render($0))." }
            ?? ", or remove the line."
        guard duration >= range.lowerBound else {
            fault(
                "\(key)", "\(said) is too short, the least is \(DurationText.render(range.lowerBound))",
                remedy: "Raise it" + removing)
            return nil
        }
        guard duration <= range.upperBound else {
            fault(
                "\(key)", "\(said) is too long, the most is \(DurationText.render(range.upperBound))",
                remedy: "Lower it" + removing)
            return nil
        }
        show(key) { $0.string(DurationText.render(duration)) }
        return duration
    }

    /// A size such as "64MiB" with a default.
    package mutating func size(_ key: StaticString, default fallback: ByteCount) -> ByteCount {
        guard let found = raw(key) else {
            show(key) { $0.string(SizeText.render(fallback)) }
            return fallback
        }
        guard let text = found.string, let size = SizeText.parse(expand(text, key)) else {
            fault(
                "\(key)", "\(quote(found)) is not a size",
                remedy: "Write a string with its unit: B, KiB, MiB, GiB, kB, MB or GB, for example \"64MiB\"."
            )
            return fallback
        }
        show(key) { $0.string(SizeText.render(size)) }
        return size
    }

    /// One of a closed set of words, with a default.
    package mutating func choice<Choice: RawRepresentable & CaseIterable>(
        _ key: StaticString, default fallback: Choice
    ) -> Choice where Choice.RawValue == String {
        guard let found = raw(key) else {
            show(key) { $0.string(fallback.rawValue) }
            return fallback
        }
        let words = Choice.allCases.map(\.rawValue)
        let listed = words.map { "\"\($0)\"" }.joined(separator: ", ")
        guard let text = found.string else {
            wrongKind(key, found, "one of \(listed)")
            return fallback
        }
        guard let choice = Choice(rawValue: text) else {
            let near = Spelling.nearest(to: text, among: words).map { "Did you mean \"\($0)\"? " } ?? ""
            fault(
                "\(key)", "\(quote(text)) is not known", remedy: near + "Write one of \(listed).")
            return fallback
        }
        show(key) { $0.string(text) }
        return choice
    }
}
