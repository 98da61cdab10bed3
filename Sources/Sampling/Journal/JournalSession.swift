// SPDX-License-Identifier: Apache-2.0

import Glibc
import Vitals

/// The files that are open at one time, and how far they were read.
struct JournalSession {
    /// A file that could not be opened, and the errno.
    struct Refusal {
        let file: JournalFile
        let code: Int32

        /// What is the matter with it.
        var fact: String { "cannot be read: \(String(cString: strerror(code)))" }
    }

    /// The open files.
    let handle: JournalHandle
    /// What was to be opened.
    let files: [JournalFile]
    /// What was.
    let opened: [JournalFile]
    /// The active ones among them.
    let active: Set<JournalFile.Identity>
    /// Files that could not be opened: damaged, or just being made.
    let refused: [Refusal]
    /// Entries read since it was opened.
    var count = 0

    /// Opens files, active or archived, of which at least one must open. Where descriptors or memory are short none is
    /// blamed.
    init(_ wanted: [JournalFile], _ library: JournalLibrary) throws(JournalProblem) {
        var files = wanted.filter(\.isReadable)
        var refused = wanted.filter { !$0.isActive && !$0.isReadable }.map { Refusal(file: $0, code: EACCES) }
        var opened: JournalHandle?
        do throws(JournalHandle.Failure) {
            if !files.isEmpty { opened = try JournalHandle(library, files: files.map(\.path)) }
        } catch {
            if let shortage = JournalProblem.shortage(error.code) { throw shortage }
            // One spoils them all, and does not say its name.
            var good: [JournalFile] = []
            for file in files {
                do throws(JournalHandle.Failure) {
                    _ = try JournalHandle(library, files: [file.path])
                    good.append(file)
                } catch {
                    if let shortage = JournalProblem.shortage(error.code) { throw shortage }
                    // Rotated or vacuumed since the listing: the next one knows.
                    if error.code != ENOENT { refused.append(Refusal(file: file, code: error.code)) }
                }
            }
            files = good
            do throws(JournalHandle.Failure) {
                if !files.isEmpty { opened = try JournalHandle(library, files: files.map(\.path)) }
            } catch {
                if let shortage = JournalProblem.shortage(error.code) { throw shortage }
            }
        }
        guard let opened else {
            throw refused.first.map { .damaged($0.file.path, $0.fact) }
                ?? .unavailable("the journal's files changed while they were being opened")
        }
        handle = opened
        self.opened = files
        // Those that could not be opened stay out until the listing changes.
        self.files = wanted
        active = Set(wanted.filter(\.isActive).map(\.identity))
        self.refused = refused
    }

    /// Why not all can be read that journald writes now.
    var problem: JournalProblem? {
        refused.first { $0.file.isActive }.map { .damaged($0.file.path, $0.fact) }
    }

    /// What the headers of the open files say now.
    var headers: [(file: JournalFile, header: JournalHeader)] {
        files.compactMap { file in
            guard !refused.contains(where: { $0.file == file }), let header = JournalHeader(file.path),
                header.identity == file.identity
            else { return nil }
            return (file, header)
        }
    }

    /// Whether a file that was written to has another name by now: journald cuts it to what it needed then, under those
    /// who read it.
    var isRotated: Bool {
        files.contains { $0.isActive && JournalHeader($0.path)?.identity != $0.identity }
    }

    /// A file that lost what it had: nobody may do that to one that journald still writes to.
    static func loss(_ headers: [(file: JournalFile, header: JournalHeader)]) -> JournalProblem? {
        headers.first { $0.header.size < $0.file.size }.map {
            .damaged($0.file.path, "shrank from \($0.file.size) to \($0.header.size) bytes")
        }
    }

    /// Reading on failed, an errno; in which of the files is not told.
    func failure(_ code: Int32) -> JournalProblem {
        .shortage(code)
            ?? .damaged(
                files.map(\.path).joined(separator: " or "),
                "cannot be read: \(String(cString: strerror(code)))")
    }
}
