// SPDX-License-Identifier: Apache-2.0

package import NIOCore
package import Vitals

/// Writes sheets as one metrics page: labels are copied from the sheet's slab, values are written digit by
/// digit, and nothing is allocated for a sample.
package struct PageWriter: ~Copyable {
    private var plan = PagePlan()

    /// What a sample takes at most beside its name, labels and value: suffix, braces, space, line feed.
    private static let punctuation = 16

    /// Makes a writer; keep it, so that headings are rendered only once.
    package init() {}

    /// Appends the page of these sheets to a buffer.
    package mutating func write(_ sheets: [Sheet], _ format: PageFormat, to buffer: inout ByteBuffer) {
        plan.draw(sheets)
        var bound = 16
        for slot in plan.order { bound += sizeBound(of: plan.families[slot], sheets) }
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: bound) { raw in
            guard let start = raw.bindMemory(to: UInt8.self).baseAddress else { return 0 }
            var out = start
            for slot in plan.order { write(plan.families[slot], sheets, format, at: &out) }
            if format.isOpenMetrics { Self.copy("# EOF\n", at: &out) }
            return out - start
        }
    }

    /// No fewer bytes than the family can take.
    private func sizeBound(of family: PagePlan.Family, _ sheets: [Sheet]) -> Int {
        let heading = family.heading
        var bound = max(heading.text.count, heading.openMetrics.count, heading.openMetricsUnknown.count)
        let perSample = heading.family.name.utf8.count + NumberText.maximumLength + Self.punctuation
        var next = family.first
        while next >= 0 {
            let part = plan.parts[next]
            sheets[part.sheet].samples.withUnsafeBufferPointer { samples in
                for i in part.samples { bound += perSample + Int(samples[i].labels.count) }
            }
            next = part.next
        }
        return bound
    }

    private func write(
        _ family: PagePlan.Family, _ sheets: [Sheet], _ format: PageFormat,
        at out: inout UnsafeMutablePointer<UInt8>
    ) {
        let heading = family.heading
        var isCounter = false
        if format.isOpenMetrics {
            isCounter = heading.counterName.map { plan.isFree($0) } ?? false
            let isUnknown = heading.counterName != nil && !isCounter
            Self.copy(isUnknown ? heading.openMetricsUnknown : heading.openMetrics, at: &out)
        } else {
            Self.copy(heading.text, at: &out)
        }
        var name = heading.family.name
        name.withUTF8 { name in
            guard let stem = name.baseAddress else { return }
            var next = family.first
            while next >= 0 {
                let part = plan.parts[next]
                let sheet = sheets[part.sheet]
                sheet.slab.withUnsafeBufferPointer { slab in
                    sheet.samples.withUnsafeBufferPointer { samples in
                        for i in part.samples {
                            let sample = samples[i]
                            // OpenMetrics: a counter is neither NaN nor below zero. Unknown is left out.
                            if isCounter, !Self.isCount(sample.value) { continue }
                            Self.write(sample, stem, name.count, slab, at: &out)
                        }
                    }
                }
                next = part.next
            }
        }
    }

    @inline(__always)
    private static func isCount(_ value: MetricValue) -> Bool {
        switch value {
        case .integer(let n), .micros(let n), .nanos(let n): n >= 0
        case .double(let d): d >= 0
        }
    }

    @inline(__always)
    private static func write(
        _ sample: Sheet.Sample, _ name: UnsafePointer<UInt8>, _ nameCount: Int,
        _ slab: UnsafeBufferPointer<UInt8>, at out: inout UnsafeMutablePointer<UInt8>
    ) {
        let count = Int(sample.labels.count)
        let labels = Int(sample.labels.start)
        // Labels of another sheet's slab would be an out-of-bounds read: such a sample is not written.
        guard labels + count <= slab.count else { return }
        out.update(from: name, count: nameCount)
        out += nameCount
        switch sample.suffix {
        case .none: break
        case .bucket: copy("_bucket", at: &out)
        case .sum: copy("_sum", at: &out)
        case .count: copy("_count", at: &out)
        }
        if count > 0, let base = slab.baseAddress {
            out[0] = UInt8(ascii: "{")
            (out + 1).update(from: base + labels, count: count)
            out[count + 1] = UInt8(ascii: "}")
            out += count + 2
        }
        out[0] = UInt8(ascii: " ")
        out += 1 + NumberText.write(sample.value, at: out + 1)
        out[0] = UInt8(ascii: "\n")
        out += 1
    }

    private static func copy(_ text: StaticString, at out: inout UnsafeMutablePointer<UInt8>) {
        out.update(from: text.utf8Start, count: text.utf8CodeUnitCount)
        out += text.utf8CodeUnitCount
    }

    private static func copy(_ bytes: [UInt8], at out: inout UnsafeMutablePointer<UInt8>) {
        bytes.withUnsafeBufferPointer { source in
            guard let base = source.baseAddress else { return }
            out.update(from: base, count: source.count)
            out += source.count
        }
    }
}
