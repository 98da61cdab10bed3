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

    /// Why a text is no pattern, in regerror(3)'s words.
    struct Fault: Error {
        let text: String
    }

    /// Compiles a pattern.
    init(_ pattern: String) throws(Fault) {
        let compiled = UnsafeMutablePointer<regex_t>.allocate(capacity: 1)
        // NEWLINE: `.` and lists do not cross lines, `^` and `$` stand at the ends of lines.
        let code = regcomp(compiled, pattern, REG_EXTENDED | REG_NEWLINE)
        guard code == 0 else {
            var words = [CChar](repeating: 0, count: 128)
            regerror(code, compiled, &words, words.count)
            compiled.deallocate()
            throw Fault(
                text: String(decoding: words.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
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
