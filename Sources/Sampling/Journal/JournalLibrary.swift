// SPDX-License-Identifier: Apache-2.0

import CSystemd
import Glibc
import Outbound

/// libsystemd's reading side of the journal, loaded when the first journal is to be read.
struct JournalLibrary {
    /// Its name on every Linux that has it.
    static let usual = "libsystemd.so.0"

    /// The calls.
    let calls: csystemd_journal

    /// Loads it; a machine without it is told so in words.
    init(_ name: String = usual) throws(JournalProblem) {
        var calls = csystemd_journal()
        var why = [CChar](repeating: 0, count: 256)
        guard csystemd_journal_load(name, &calls, &why, why.count) == 0 else {
            if let shortage = DescriptorShortage.current.flatMap({ JournalProblem.shortage($0) }) {
                throw shortage
            }
            let words = String(decoding: why.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            throw .unavailable(
                "the journal needs libsystemd, which cannot be loaded (\(words)): install the package libsystemd0"
            )
        }
        self.calls = calls
    }

    /// The machine's id in 32 digits (machine-id(5)); nil where it has none. Throws where that cannot be looked at now.
    func machine() throws(JournalProblem) -> String? { try id(calls.get_machine)?.text }

    /// The boot's id; nil where procfs does not tell it. Throws where that cannot be looked at now.
    func boot() throws(JournalProblem) -> csystemd_id? { try id(calls.get_boot) }

    private func id(_ call: (@convention(c) (UnsafeMutablePointer<csystemd_id>?) -> Int32)?)
        throws(JournalProblem) -> csystemd_id?
    {
        var id = csystemd_id()
        let code = call?(&id) ?? -ENOSYS
        if let shortage = JournalProblem.shortage(-code) { throw shortage }
        return code >= 0 ? id : nil
    }
}

extension csystemd_id {
    /// 32 digits, as names of directories and cursors have them.
    var text: String {
        withUnsafeBytes(of: bytes) { bytes in
            var digits = ""
            digits.reserveCapacity(32)
            for byte in bytes {
                digits += byte < 16 ? "0" : ""
                digits += String(byte, radix: 16)
            }
            return digits
        }
    }
}
