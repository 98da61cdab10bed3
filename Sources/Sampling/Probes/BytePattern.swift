// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A POSIX extended regular expression (regex(7)), compiled; matches bytes, in the C locale.
///
/// `@unchecked Sendable`: nothing is written after the initialiser; regexec(3) of glibc locks what it caches in
/// the compiled pattern (POSIX demands that it may be used by several threads).
package final class BytePattern: @unchecked Sendable {
    /// A pattern longer than this is a slip.
    static let longest = 1024

    private let compiled: UnsafeMutablePointer<regex_t>

    /// Why a text is no pattern.
    struct Fault: Error {
        /// regerror(3)'s words, or what is too much of it.
        let fact: String
        /// What to do.
        let remedy: String
    }

    /// Compiles a pattern.
    init(_ pattern: String) throws(Fault) {
        if let excess = PatternSize(pattern).excess {
            throw Fault(
                fact: excess,
                remedy:
                    "Write smaller numbers in {…} and fewer groups within groups, or * where it need not be "
                    + "counted.")
        }
        let compiled = UnsafeMutablePointer<regex_t>.allocate(capacity: 1)
        // NEWLINE: `.` and lists do not cross lines, `^` and `$` stand at the ends of lines. NOSUB: where it was found
        // is of no interest, and would cost ten times the memory.
        let code = regcomp(compiled, pattern, REG_EXTENDED | REG_NEWLINE | REG_NOSUB)
        guard code == 0 else {
            var words = [CChar](repeating: 0, count: 128)
            regerror(code, compiled, &words, words.count)
            compiled.deallocate()
            let reason = String(
                decoding: words.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            throw Fault(
                fact: "is not a regular expression: \(reason)",
                remedy: "Write a POSIX extended one, see regex(7); \\d and the like are not part of it.")
        }
        self.compiled = compiled
    }

    deinit {
        regfree(compiled)
        compiled.deallocate()
    }

    /// Whether the pattern is found anywhere. Takes time: some patterns go over the text again and again.
    func matches(_ text: [UInt8]) -> Bool { text.withUnsafeBytes { matches($0) } }

    /// The same, of bytes that lie elsewhere.
    func matches(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let base = bytes.baseAddress else { return regexec(compiled, "", 0, nil, 0) == 0 }
        var span = regmatch_t(rm_so: 0, rm_eo: regoff_t(clamping: bytes.count))
        // STARTEND gives the end by number: the text needs no NUL behind it and may hold some.
        return regexec(
            compiled, base.assumingMemoryBound(to: CChar.self), 1, &span, Int32(REG_STARTEND)) == 0
    }
}
