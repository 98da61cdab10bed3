// SPDX-License-Identifier: Apache-2.0

/// What a helper process answers, a line of the pipe.
///
/// ```
/// 7 size 1073741824 536870912 65536 65000 -
/// 8 size 1073741824 0 65536 65000 28
/// 9 error 2
/// ```
/// Total and available bytes, inodes and free inodes, and the errno of the trial of writing (0: it went well,
/// `-`: not tried); or the errno of statvfs.
struct HelperReply: Hashable, Sendable {
    /// The number of the question.
    let number: UInt64
    /// What was found.
    let finding: FilesystemFinding

    /// Makes a reply.
    init(number: UInt64, finding: FilesystemFinding) {
        self.number = number
        self.finding = finding
    }

    /// Reads a line without its line feed; nil where it is none.
    init?(line: ArraySlice<UInt8>) {
        let fields = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
        guard fields.count >= 3, let number = UInt64(fields[0]) else { return nil }
        switch fields[1] {
        case "error":
            guard fields.count == 3, let code = Int32(fields[2]) else { return nil }
            self.init(number: number, finding: FilesystemFinding(size: .failure(SystemError(code))))
        case "size":
            let numbers = fields[2...].prefix(4).compactMap { UInt64($0) }
            guard fields.count == 7, numbers.count == 4 else { return nil }
            let size = FilesystemSize(
                unit: 1, blocks: numbers[0], available: numbers[1], files: numbers[2], freeFiles: numbers[3])
            var finding = FilesystemFinding(size: .success(size))
            if fields[6] != "-" {
                guard let code = Int32(fields[6]) else { return nil }
                finding.writing = code == 0 ? .worked : .failed(SystemError(code))
            }
            self.init(number: number, finding: finding)
        default: return nil
        }
    }

    /// The line with its line feed.
    var line: [UInt8] {
        let text: String
        switch finding.size {
        case .failure(let error): text = "\(number) error \(error.code)\n"
        case .success(let size):
            let writing =
                switch finding.writing {
                case .notTried: "-"
                case .worked: "0"
                case .failed(let error): "\(error.code)"
                }
            text =
                "\(number) size \(size.total) \(size.available) \(size.inodes) \(size.freeInodes) \(writing)\n"
        }
        return Array(text.utf8)
    }
}

/// What was found at a path.
struct FilesystemFinding: Hashable, Sendable {
    /// How the trial of writing went.
    enum Writing: Hashable, Sendable {
        /// Nobody asked for one.
        case notTried
        /// The block is on the medium.
        case worked
        /// It is not.
        case failed(SystemError)
    }

    /// The answer of statvfs.
    var size: Result<FilesystemSize, SystemError>
    /// The trial of writing.
    var writing = Writing.notTried

    /// Makes a finding without a trial of writing.
    init(size: Result<FilesystemSize, SystemError>) { self.size = size }

    /// Looks for itself; may hang for ever.
    init(at path: String, verb: HelperQuestion.Verb) {
        do throws(SystemError) {
            size = .success(try FilesystemSize(of: path))
        } catch {
            size = .failure(error)
            return
        }
        guard verb == .write else { return }
        do throws(SystemError) {
            try WriteTrial.run(at: path)
            writing = .worked
        } catch {
            writing = .failed(error)
        }
    }
}
