// SPDX-License-Identifier: Apache-2.0

import Glibc
import Vitals

/// The pages of programs and libraries that only the start needed: the loader, relocations, the runtime's look at
/// its own tables. They stay mapped, and count as resident memory, until somebody unmaps them.
///
/// Whatever is used again is mapped again from the page cache, at the price of one minor fault for 64 KiB. Only
/// mappings without a private page are touched (Anonymous and Swap are 0), for those come back as they were.
enum StartPages {
    /// Long enough that all checks have run once, which spread over five seconds.
    static let after = Duration.seconds(10)
    /// smaps of vitald has some 150 mappings of 700 bytes; beyond this something else is wrong.
    private static let maximumBytes = 4 << 20

    /// Gives them back to the kernel; where smaps cannot be read nothing happens, and nothing is lost.
    static func giveBack(reading path: String = "/proc/self/smaps") {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return }
        defer { close(file) }
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16384)
        while text.count < maximumBytes {
            let count = read(file, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            text += buffer[..<count]
        }
        for range in clean(text) {
            madvise(UnsafeMutableRawPointer(bitPattern: range.lowerBound), range.count, MADV_DONTNEED)
        }
    }

    /// The mappings of files that are neither writable nor changed in memory, from smaps (proc_pid_smaps(5)):
    /// ```
    /// 55d0c1a00000-55d0c23cd000 r-xp 002cf000 fe:00 1311 /usr/bin/vitald
    /// Rss:                7660 kB
    /// Anonymous:             0 kB
    /// Swap:                  0 kB
    /// ```
    static func clean(_ text: [UInt8]) -> [Range<UInt>] {
        var found: [Range<UInt>] = []
        var candidate: Range<UInt>?
        var unchanged = 0
        for line in text.split(separator: UInt8(ascii: "\n")) {
            let words = line.split(separator: UInt8(ascii: " "), maxSplits: 5)
            if let head = words.first, head.last != UInt8(ascii: ":") {
                candidate = mapping(words)
                unchanged = 0
            } else if words.count > 1, words[1].elementsEqual("0".utf8) {
                if words[0].elementsEqual("Anonymous:".utf8) || words[0].elementsEqual("Swap:".utf8) {
                    unchanged += 1
                }
                if unchanged == 2, let range = candidate {
                    found.append(range)
                    candidate = nil
                }
            }
        }
        return found
    }

    /// The range of a mapping's first line, where it is a private one of a file and not writable.
    private static func mapping(_ words: [ArraySlice<UInt8>]) -> Range<UInt>? {
        guard words.count == 6, words[1].count == 4,
            let path = words[5].first(where: { $0 != UInt8(ascii: " ") }), path == UInt8(ascii: "/"),
            words[1].elementsEqual("r-xp".utf8) || words[1].elementsEqual("r--p".utf8)
        else { return nil }
        let ends = words[0].split(separator: UInt8(ascii: "-")).map {
            UInt(String(decoding: $0, as: UTF8.self), radix: 16)
        }
        guard ends.count == 2, let start = ends[0], let end = ends[1], start < end else { return nil }
        return start..<end
    }
}
