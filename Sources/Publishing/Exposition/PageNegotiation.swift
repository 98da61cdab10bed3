// SPDX-License-Identifier: Apache-2.0

/// What a scraper wants: the format and whether it may be compressed.
package struct PageNegotiation: Sendable, Hashable {
    /// The format.
    package let format: PageFormat
    /// Whether the answer is compressed with gzip.
    package let gzip: Bool

    /// Makes a choice by hand.
    package init(format: PageFormat, gzip: Bool) {
        self.format = format
        self.gzip = gzip
    }

    /// Chooses from the values of a request's `Accept` and `Accept-Encoding` lines; never an error: whoever
    /// asks for nothing we have gets text 0.0.4.
    package init(accept: [String], acceptEncoding: [String]) {
        format = Self.format(MediaRanges(accept))
        gzip = Self.gzip(MediaRanges(acceptEncoding))
    }

    /// The offer with the highest weight; among equals the one the client names first, and for a bare
    /// wildcard text, which everybody reads.
    private static func format(_ ranges: MediaRanges) -> PageFormat {
        var best: (format: PageFormat, quality: Double, position: Int)?
        for format in PageFormat.allCases {
            guard let match = match(format, ranges), match.quality > 0 else { continue }
            if let best, (best.quality, -best.position) >= (match.quality, -match.position) { continue }
            best = (format, match.quality, match.position)
        }
        return best?.format ?? .text
    }

    /// The most particular range that covers a format decides over it (RFC 9110, section 12.5.1), so that
    /// `text/plain;q=0, */*` does not get text.
    private static func match(_ format: PageFormat, _ ranges: MediaRanges) -> (
        quality: Double, position: Int
    )? {
        var found: (quality: Double, position: Int, rank: Int)?
        for (position, range) in ranges.elements.enumerated() {
            let rank = rank(of: range, for: format)
            if rank < 0 { continue }
            if let found, (found.rank, found.quality) >= (rank, range.quality) { continue }
            found = (range.quality, position, rank)
        }
        return found.map { ($0.quality, $0.position) }
    }

    /// How closely a range names a format: 3 type and version, 2 type alone, 1 and 0 wildcards, -1 not at all.
    private static func rank(of range: MediaRanges.Element, for format: PageFormat) -> Int {
        let version = range.parameter("version")
        switch (range.name, format) {
        case ("*/*", .text), ("*/*", .openMetrics): return 0
        case ("text/*", .text): return 1
        case ("text/plain", .text):
            // `text/plain; version=1.0.0` is the format with quoted UTF-8 names, which vitald does not write.
            return version == nil ? 2 : version == "0.0.4" ? 3 : -1
        case ("application/openmetrics-text", .openMetrics): return version == "1.0.0" ? 3 : -1
        case ("application/openmetrics-text", .openMetricsDraft):
            return version == nil ? 2 : version == "0.0.1" ? 3 : -1
        default: return -1
        }
    }

    private static func gzip(_ ranges: MediaRanges) -> Bool {
        func weight(_ names: [String]) -> Double? {
            ranges.elements.first { names.contains($0.name) }?.quality
        }
        let offered = weight(["gzip", "x-gzip"]) ?? weight(["*"]) ?? 0
        return offered > 0 && offered >= (weight(["identity"]) ?? 0)
    }
}
