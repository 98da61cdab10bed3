// SPDX-License-Identifier: Apache-2.0

import Glibc
import Judging
import Vitals

/// The reference model's answers, as `Tests/Fixtures/judging/make-vectors.py` describes and wrote them.
enum Vectors {
    struct Malformed: Error {
        let what: String
    }

    /// One step: the time since the one before, which check, what happens.
    struct Step {
        var delta: Int64
        var check: Int
        var happening: UInt8
    }

    /// One line: configurations, steps, and what the model says after each.
    struct Life {
        var rules: [CheckRules]
        var steps: [Step]
        var answers: [UInt8]
    }

    /// The lives of a file.
    static func read(_ name: String, letters: Bool, source: String = #filePath) throws -> [Life] {
        let directory = source.split(separator: "/").dropLast(2).joined(separator: "/")
        let path = "/\(directory)/Fixtures/judging/\(name)"
        guard let file = fopen(path, "r") else { throw Malformed(what: "no \(path)") }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while case let count = fread(&chunk, 1, chunk.count, file), count > 0 { bytes += chunk[..<count] }
        return try bytes.split(separator: UInt8(ascii: "\n")).map { try life($0, letters: letters) }
    }

    private static func life(_ line: ArraySlice<UInt8>, letters: Bool) throws -> Life {
        let parts = line.split(
            separator: UInt8(ascii: "|"), maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3 else { throw Malformed(what: String(decoding: line, as: UTF8.self)) }
        return Life(
            rules: try parts[0].split(separator: UInt8(ascii: ";")).map(rules),
            steps: try steps(parts[1], letters: letters), answers: Array(parts[2]))
    }

    private static func rules(_ text: ArraySlice<UInt8>) throws -> CheckRules {
        let fields = text.split(separator: UInt8(ascii: ",")).map { String(decoding: $0, as: UTF8.self) }
        let numbers = fields.dropFirst().compactMap { Int($0) }
        let impacts: [String: Impact] = ["c": .critical, "d": .degrade, "i": .info]
        guard numbers.count == 7, let impact = impacts[fields[0]] else {
            throw Malformed(what: String(decoding: text, as: UTF8.self))
        }
        var definition = CheckDefinition(name: "life", type: "tcp")
        definition.impact = impact
        definition.interval = tenths(Int64(numbers[0]))
        definition.timeout = tenths(Int64(numbers[1]))
        definition.fall = numbers[2]
        definition.warnAfter = numbers[3]
        definition.rise = numbers[4]
        definition.staleAfter = numbers[5]
        definition.startPeriod = tenths(Int64(numbers[6]))
        return CheckRules(definition)
    }

    private static func steps(_ text: ArraySlice<UInt8>, letters: Bool) throws -> [Step] {
        var steps: [Step] = []
        var step = Step(delta: 0, check: 0, happening: 0)
        var awaitsLetter = letters
        for byte in text {
            if let digit = Int64(exactly: Int(byte) - 48), (0...9).contains(digit) {
                step.delta = step.delta * 10 + digit
            } else if awaitsLetter {
                step.check = Int(byte) - 97
                awaitsLetter = false
            } else {
                step.happening = byte
                steps.append(step)
                step = Step(delta: 0, check: 0, happening: 0)
                awaitsLetter = letters
            }
        }
        return steps
    }

    /// The unit of the vectors.
    static func tenths(_ count: Int64) -> Duration { .milliseconds(100 * count) }
}

extension CheckMachine {
    /// Lets one step of a vector happen.
    mutating func live(_ happening: UInt8, at now: Instant) {
        switch happening {
        case UInt8(ascii: "p"): record(.pass, at: now)
        case UInt8(ascii: "w"): record(.warn, at: now)
        case UInt8(ascii: "f"): record(.fail, at: now)
        case UInt8(ascii: "F"): record(.fail, definitive: true, at: now)
        case UInt8(ascii: "u"): record(.unknown, at: now)
        case UInt8(ascii: "t"): tick(at: now)
        case UInt8(ascii: "m"): maintenance.toggle()
        default: break
        }
    }

    /// Its state as the vectors write it.
    var vectorCode: UInt8 {
        48 + level.rawValue + 4 * phase.rawValue + (flapping ? 12 : 0) + 24 * contribution.rawValue
    }
}
