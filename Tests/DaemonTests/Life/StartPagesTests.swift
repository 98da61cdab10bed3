// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

@testable import vitald

@Suite("What only the start needed")
struct StartPagesTests {
    @Test(
        "unchanged mappings of files are given back: none that is writable, changed, swapped or not of a file"
    )
    func choice() {
        func entry(_ head: String, anonymous: Int = 0, swap: Int = 0) -> String {
            "\(head)\nSize:  4 kB\nRss:  4 kB\nAnonymous:  \(anonymous) kB\nSwap:  \(swap) kB\nVmFlags: rd ex mr mw me\n"
        }
        let text =
            entry("1000-2000 r--p 00000000 fe:00 13   /usr/bin/vitald")
            + entry("2000-5000 r-xp 00001000 fe:00 13   /usr/bin/vitald")
            + entry("5000-6000 r--p 00004000 fe:00 13   /usr/bin/vitald", anonymous: 4)
            + entry("6000-7000 r--p 00004000 fe:00 13   /usr/bin/vitald", swap: 4)
            + entry("7000-8000 rw-p 00005000 fe:00 13   /usr/bin/vitald")
            + entry("8000-9000 r--s 00005000 fe:00 14   /run/shared")
            + entry("9000-a000 r--p 00000000 00:00 0 ")
            + entry("a000-b000 r-xp 00000000 00:00 0    [vdso]")
            + entry("zz-c000 r-xp 00000000 fe:00 13   /usr/bin/vitald")
            + "c000-d000 r-xp 00000000 fe:00 13   /usr/bin/cut off\nAnonymous: 0 kB\n"

        var mappings = StartPages.Mappings()
        let found = text.split(separator: "\n", omittingEmptySubsequences: false).compactMap { line in
            Array((line + "\n").utf8).withUnsafeBytes { mappings.clean($0) }
        }

        #expect(found == [0x1000..<0x2000, 0x2000..<0x5000])
    }

    @Test("what is given back comes back as it was, and what was changed in memory stays")
    func real() throws {
        var name = Array("/tmp/vitald-pages.XXXXXX".utf8CString)
        let file = mkstemp(&name)
        try #require(file >= 0)
        defer {
            close(file)
            unlink(name)
        }
        let size = 64 * 4096
        let content = [UInt8](repeating: 7, count: size)
        try #require(write(file, content, size) == size)
        let plain = try #require(mmap(nil, size, PROT_READ, MAP_PRIVATE, file, 0))
        let changed = try #require(mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0))
        try #require(plain != MAP_FAILED && changed != MAP_FAILED)
        defer {
            munmap(plain, size)
            munmap(changed, size)
        }
        changed.storeBytes(of: 9, toByteOffset: 5000, as: UInt8.self)
        mprotect(changed, size, PROT_READ)
        #expect(UnsafeRawBufferPointer(start: plain, count: size).allSatisfy { $0 == 7 })
        #expect(Self.resident(plain) == size)

        let pages = StartPages()
        let later = try #require(mmap(nil, size, PROT_READ, MAP_PRIVATE, file, 0))
        defer { munmap(later, size) }
        #expect(UnsafeRawBufferPointer(start: later, count: size).allSatisfy { $0 == 7 })

        pages.giveBack()

        #expect(
            Self.resident(later) == size,
            "what came later may go at any time, and something else take its place")
        #expect(Self.resident(plain) == 0)
        #expect(changed.load(fromByteOffset: 5000, as: UInt8.self) == 9)
        #expect(UnsafeRawBufferPointer(start: plain, count: size).allSatisfy { $0 == 7 })
    }

    /// How many bytes of the mapping that begins here are in memory.
    private static func resident(_ start: UnsafeMutableRawPointer) -> Int? {
        guard let file = fopen("/proc/self/smaps", "r") else { return nil }
        defer { fclose(file) }
        let prefix = String(UInt(bitPattern: start), radix: 16) + "-"
        var line = [CChar](repeating: 0, count: 4096)
        var isHere = false
        while fgets(&line, Int32(line.count), file) != nil {
            let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            if text.hasPrefix(prefix) { isHere = true }
            guard isHere, text.hasPrefix("Rss:") else { continue }
            return text.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 * 1024 }
        }
        return nil
    }
}
