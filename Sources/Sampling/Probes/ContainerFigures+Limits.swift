// SPDX-License-Identifier: Apache-2.0

import Vitals

/// What checks say of limits: how full, of what, and whose limit it is.
extension ContainerFigures {
    /// What its memory comes to by two thresholds; nil below both, and where nobody knows.
    func memoryVerdict(warn: Double?, fail: Double?) -> ProbeResult? {
        guard let used = memoryPercent else { return nil }
        if let fail, used >= fail {
            return ProbeResult(.fail, reason: "memory.full", message: memorySentence(used, fail))
        }
        if let warn, used >= warn {
            return ProbeResult(.warn, reason: "memory.high", message: memorySentence(used, warn))
        }
        return nil
    }

    private func memorySentence(_ used: Double, _ threshold: Double) -> String {
        var text =
            "uses \(PercentText.render(used, against: threshold)) of \(memoryWhole), at least "
            + PercentText.render(threshold)
        if let fill = limits?.memoryFill, !isOwn(fill.level), let own = workingSetBytes {
            text += "; its own part is \(ByteCount(own).text)"
        }
        return text
    }

    /// What the percentage of its memory is of: `its limit 512 MiB`, `1 GiB, the limit of /agents.slice (memory.max)`.
    var memoryWhole: String {
        guard let limits else {
            return memoryLimit?.amount.map { "its limit \($0.text)" } ?? "the host's memory"
        }
        guard let fill = limits.memoryFill else { return "the host's memory" }
        guard isOwn(fill.level) else {
            return "\(fill.limit.text), the limit of \(fill.level) (\(fill.file.rawValue))"
        }
        // Its limit is the one that everybody thinks of; the other one is named.
        return "its limit \(fill.limit.text)" + (fill.file == .high ? " (memory.high)" : "")
    }

    /// What the percentage of its CPU is of.
    var cpuWhole: String {
        guard cpuPercentOfQuota != nil else { return "the host's CPU" }
        guard let fill = limits?.cpuFill, !isOwn(fill.level) else { return "its CPU quota" }
        return "\(Self.cores(fill.cores)), the CPU quota of \(fill.level)"
    }

    /// The cgroup above it whose quota throttles; nil where that is its own.
    var throttledElsewhere: String? { limits?.throttledLevel.flatMap { isOwn($0) ? nil : $0 } }

    /// Why it is not known how full something is: a limit up to the root, or what is used of it, could not be read.
    func limitFault(_ resource: EffectiveLimits.Resource) -> UnreadableFile? {
        guard let limits else {
            return fault(in: resource == .memory ? "memory.max" : "\(resource.rawValue).max")
        }
        return limits.unread.first { $0.resource == resource }?.file
    }

    /// Whether a level is its own cgroup, or the payload below it.
    func isOwn(_ level: String) -> Bool {
        level == identity.id || level.utf8.starts(with: (identity.id + "/").utf8)
    }

    /// The figures of limits that a result carries.
    var limitFacts: [Fact] {
        var facts: [Fact] = []
        if let fill = limits?.memoryFill {
            facts.append(Fact("memory_limit_bytes", .integer(fill.limit.bytes)))
            facts.append(Fact("memory_limit_level", .text(fill.level)))
            facts.append(Fact("memory_limit_file", .text(fill.file.rawValue)))
        } else if limits == nil, let bytes = memoryLimit?.amount?.bytes {
            facts.append(Fact("memory_limit_bytes", .integer(bytes)))
        }
        if let available = limits?.memoryAvailable {
            facts.append(Fact("memory_available_bytes", .integer(available.amount)))
        }
        if let cores = limits?.cores {
            facts.append(Fact("cpu_limit_cores", .number(cores.amount)))
            facts.append(Fact("cpu_limit_level", .text(cores.level)))
        }
        return facts
    }

    /// `1 core`, `2 cores`, `0.5 cores`.
    private static func cores(_ count: Double) -> String {
        var bytes: [UInt8] = []
        NumberText.append(.double(PercentText.hundredths(count)), to: &bytes)
        let text = String(decoding: bytes, as: UTF8.self)
        return text == "1" ? "1 core" : "\(text) cores"
    }
}
