// SPDX-License-Identifier: Apache-2.0

/// One question to a helper process, a line of the pipe; the path is escaped as mountinfo does.
///
/// ```
/// 7 size /mnt/back\040up
/// 8 write /var/lib/agno
/// ```
struct HelperQuestion: Hashable, Sendable {
    /// What is asked.
    enum Verb: String, Sendable {
        /// statvfs alone.
        case size
        /// statvfs, then a trial of writing.
        case write
    }

    /// Repeated in the answer, so that an answer to an older question is not taken for this one's.
    let number: UInt64
    /// What is asked.
    let verb: Verb
    /// The path, absolute.
    let path: String

    /// Makes a question.
    init(number: UInt64, verb: Verb, path: String) {
        self.number = number
        self.verb = verb
        self.path = path
    }

    /// Reads a line without its line feed; nil where it is none.
    init?(line: ArraySlice<UInt8>) {
        let fields = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
        guard fields.count == 3, let number = UInt64(String(decoding: fields[0], as: UTF8.self)),
            let verb = Verb(rawValue: String(decoding: fields[1], as: UTF8.self)),
            fields[2].first == UInt8(ascii: "/")
        else { return nil }
        self.init(number: number, verb: verb, path: MountText.unescape(fields[2]))
    }

    /// The line with its line feed.
    var line: [UInt8] {
        Array("\(number) \(verb.rawValue) ".utf8) + MountText.escape(path) + [UInt8(ascii: "\n")]
    }
}
