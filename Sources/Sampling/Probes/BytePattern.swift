// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
import Synchronization

/// A POSIX extended regular expression (regex(7)), compiled; matches bytes, in the C locale.
///
/// regexec(3) of glibc writes down each state that it meets, 3 KB and more, until regfree(3): what is searched decides
/// how many they are, and of whoever writes a log nothing good is to be expected. So a pattern is compiled anew after
/// a little text, which takes some µs. One search may come at a time, as glibc has it too.
package final class BytePattern: Sendable {
    /// A pattern longer than this is a slip.
    static let longest = 1024
    /// What was compiled is let go of once so many bytes were searched: some MB at worst, until the next search.
    static let mostSearched = 1024

    /// What the compiler made. `@unchecked Sendable`: it has one owner, and nobody else knows the pointer.
    private struct Compiled: ~Copyable, @unchecked Sendable {
        let pointer: UnsafeMutablePointer<regex_t>

        deinit {
            regfree(pointer)
            pointer.deallocate()
        }

        /// Whether it is found; nil where there is no memory to tell.
        borrowing func search(_ bytes: UnsafeRawBufferPointer) -> Bool? {
            let text = bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
            let found =
                text.map { clinux_search(pointer, $0, bytes.count) } ?? clinux_search(pointer, "", 0)
            return found < 0 ? nil : found > 0
        }
    }

    private struct State: ~Copyable {
        /// Nil until it is needed again.
        var compiled: Compiled?
        var searched = 0
        var compilations = 1
    }

    private let pattern: String
    private let state: Mutex<State>

    /// Why a text is no pattern.
    struct Fault: Error {
        /// regerror(3)'s words, or what is too much of it.
        let fact: String
        /// What to do.
        let remedy: String
    }

    /// Compiles a pattern.
    init(_ pattern: String) throws(Fault) {
        if let problem = PatternDialect(pattern).problem {
            throw Fault(fact: problem.fact, remedy: problem.remedy)
        }
        if let excess = PatternSize(pattern).excess {
            throw Fault(
                fact: excess,
                remedy:
                    "Write smaller numbers in {…} and fewer groups within groups, or * where it need not be "
                    + "counted.")
        }
        let compiled = try Self.compile(pattern)
        self.pattern = pattern
        state = Mutex(State(compiled: compiled))
    }

    /// Whether the pattern is found anywhere; nil where there is no memory to tell. Takes time: some patterns go over the
    /// text again and again.
    func matches(_ text: [UInt8]) -> Bool? { text.withUnsafeBytes { matches($0) } }

    /// The same, of bytes that lie elsewhere.
    func matches(_ bytes: UnsafeRawBufferPointer) -> Bool? {
        state.withLock { state in
            if state.compiled == nil {
                // It compiled once, so only memory can be missing.
                do throws(Fault) { state.compiled = try Self.compile(pattern) } catch { return nil }
                state.compilations += 1
            }
            let isFound = state.compiled?.search(bytes)
            state.searched += bytes.count
            // What it holds is given back at once where memory is short.
            if state.searched >= Self.mostSearched || isFound == nil {
                state.compiled = nil
                state.searched = 0
            }
            return isFound
        }
    }

    /// How often it was compiled.
    var compilations: Int { state.withLock { $0.compilations } }

    private static func compile(_ pattern: String) throws(Fault) -> Compiled {
        let pointer = UnsafeMutablePointer<regex_t>.allocate(capacity: 1)
        // NEWLINE: `.` and lists do not cross lines, `^` and `$` stand at the ends of lines. NOSUB: where it was found
        // is of no interest, and would cost ten times the memory.
        let code = regcomp(pointer, pattern, REG_EXTENDED | REG_NEWLINE | REG_NOSUB)
        guard code != 0 else { return Compiled(pointer: pointer) }
        var words = [CChar](repeating: 0, count: 128)
        regerror(code, pointer, &words, words.count)
        pointer.deallocate()
        let reason = String(decoding: words.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        throw Fault(
            fact: "is not a regular expression: \(reason)",
            remedy: "Write a POSIX extended one, see regex(7).")
    }
}
