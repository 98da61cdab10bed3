// SPDX-License-Identifier: Apache-2.0

import Glibc
import Vitals

/// The pages of the program and its libraries that only the start needed: relocations, the runtime's look at its own
/// tables. They stay mapped, and count as resident memory, until somebody unmaps them.
///
/// Whatever is used again is mapped again from the page cache, at the price of one minor fault for 64 KiB. Only
/// mappings without a private page are touched (Anonymous and Swap are 0), for those come back as they were; and only
/// those that were there before any thread could load a library or let one go, since these stay for good.
struct StartPages {
    /// Long enough that all checks have run once, which spread over five seconds.
    static let after = Duration.seconds(10)
    /// Longer lines do not occur: 73 columns and a path.
    private static let longestLine = 8192

    private var mapped: Set<Range<UInt>> = []

    /// Notes what is mapped now.
    init(reading path: String = "/proc/self/maps") {
        Self.lines(of: path) { line in
            if let range = Self.mapping(Self.words(line)) { mapped.insert(range) }
        }
    }

    /// Gives them back to the kernel; where smaps cannot be read nothing happens, and nothing is lost.
    func giveBack(reading path: String = "/proc/self/smaps") {
        var mappings = Mappings()
        Self.lines(of: path) { line in
            guard let range = mappings.clean(line), mapped.contains(range) else { return }
            madvise(UnsafeMutableRawPointer(bitPattern: range.lowerBound), range.count, MADV_DONTNEED)
        }
    }

    private static func lines(of path: String, _ take: (UnsafeRawBufferPointer) -> Void) {
        guard let file = fopen(path, "re") else { return }
        defer { fclose(file) }
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: longestLine) { buffer in
            guard let base = buffer.baseAddress else { return }
            while fgets(base, Int32(longestLine), file) != nil {
                take(UnsafeRawBufferPointer(start: base, count: strlen(base)))
            }
        }
    }

    private static func words(_ line: UnsafeRawBufferPointer) -> [Slice<UnsafeRawBufferPointer>] {
        line.split(maxSplits: 5) { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\n") }
    }

    /// Picks the mappings of files that are neither writable nor changed in memory from smaps (proc_pid_smaps(5)):
    /// ```
    /// 55d0c1a00000-55d0c23cd000 r-xp 002cf000 fe:00 1311 /usr/bin/vitald
    /// Rss:                7660 kB
    /// Anonymous:             0 kB
    /// Swap:                  0 kB
    /// ```
    struct Mappings {
        private var candidate: Range<UInt>?
        private var unchanged = 0

        /// Takes the next line; a range where it completes what must be known of a mapping.
        mutating func clean(_ line: UnsafeRawBufferPointer) -> Range<UInt>? {
            let words = StartPages.words(line)
            guard let head = words.first else { return nil }
            if head.last != UInt8(ascii: ":") {
                candidate = StartPages.mapping(words)
                unchanged = 0
                return nil
            }
            guard let range = candidate, words.count > 1, words[1].elementsEqual("0".utf8),
                head.elementsEqual("Anonymous:".utf8) || head.elementsEqual("Swap:".utf8)
            else { return nil }
            unchanged += 1
            guard unchanged == 2 else { return nil }
            candidate = nil
            return range
        }
    }

    /// The range of a mapping's first line, where it is a private one of a file and not writable.
    private static func mapping(_ words: [Slice<UnsafeRawBufferPointer>]) -> Range<UInt>? {
        guard words.count == 6,
            words[1].elementsEqual("r-xp".utf8) || words[1].elementsEqual("r--p".utf8),
            words[5].first(where: { $0 != UInt8(ascii: " ") }) == UInt8(ascii: "/")
        else { return nil }
        let ends = words[0].split(separator: UInt8(ascii: "-"))
            .map { UInt(String(decoding: $0, as: UTF8.self), radix: 16) }
        guard ends.count == 2, let start = ends[0], let end = ends[1], start < end else { return nil }
        return start..<end
    }
}
