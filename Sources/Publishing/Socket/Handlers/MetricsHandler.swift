// SPDX-License-Identifier: Apache-2.0

import Vitals

/// Answers `metrics`, from the sampler's lane: the kernel's sheet and those of the rest of the house.
struct MetricsHandler: SocketHandler {
    let method = MetricsQuery.method
    let kernel: any KernelReading
    /// The sheets beside the kernel's; called on the sampler's lane.
    let sheets: @Sendable () -> [Sheet]

    func answer(_ call: SocketCall, into result: inout JSONWriter) throws(SocketFault) -> SocketAnswer {
        let pattern = try call.text("pattern") ?? "*"
        let limit =
            try call.integer("limit", within: 1...Int64(MetricsQuery.mostSamples))
            ?? Int64(MetricsQuery.defaultLimit)
        let kernel = kernel
        let sheets = sheets
        return .later { completion in
            kernel.withSheet { sheet in
                var listing = SampleListing(pattern: pattern, limit: Int(limit))
                listing.add(sheet)
                for sheet in sheets() { listing.add(sheet) }
                completion(.success(listing.text()))
            }
        }
    }
}

/// Collects the samples that a pattern covers, as JSON.
struct SampleListing {
    private let pattern: String
    private let limit: Int
    private var writer = JSONWriter(capacity: 4096)
    private var written = 0
    private var matched = 0

    init(pattern: String, limit: Int) {
        self.pattern = pattern
        self.limit = limit
    }

    /// Adds the samples of a sheet.
    mutating func add(_ sheet: borrowing Sheet) {
        for (index, entry) in sheet.entries.enumerated() {
            let end = index + 1 < sheet.entries.count ? sheet.entries[index + 1].first : sheet.samples.count
            // A family has four spellings at most; each is matched once, not once a sample.
            let names = ["", "_bucket", "_sum", "_count"].map { entry.family.name + $0 }
            let covered = names.map { Glob.matches(pattern, $0) }
            for sample in sheet.samples[entry.first..<end] {
                let spelling = Int(sample.suffix.rawValue)
                guard covered[spelling] else { continue }
                matched += 1
                guard written < limit else { continue }
                written += 1
                let labels = sheet.slab[
                    Int(sample.labels.start)..<Int(sample.labels.start) + Int(sample.labels.count)]
                write(names[spelling], labels, sample.value)
            }
        }
    }

    private mutating func write(_ name: String, _ labels: ArraySlice<UInt8>, _ value: MetricValue) {
        writer.object { sample in
            sample.member("name", name)
            sample.member(
                "labels",
                object: { members in
                    for (name, value) in LabelText.pairs(of: labels) { members.member(name, value) }
                })
            sample.key("value")
            if value.number.isFinite {
                var text: [UInt8] = []
                NumberText.append(value, to: &text)
                sample.raw(text)
            } else {
                sample.null()
            }
        }
    }

    /// The whole answer.
    func text() -> [UInt8] {
        var reply = JSONWriter(capacity: writer.bytes.count + 128)
        reply.object { members in
            members.member("samples", array: { list in if written > 0 { list.raw(writer.bytes) } })
            members.member("matched", Int64(matched))
            members.member("truncated", matched > written)
        }
        return reply.bytes
    }
}
