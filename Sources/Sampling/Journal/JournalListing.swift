// SPDX-License-Identifier: Apache-2.0

import Glibc
import Vitals

/// The journal files of a place at one moment.
///
/// The library could open the whole directory itself. It would keep every archived file open and look into each:
/// with the hundred that journald keeps by default that is 50 MB of resident pages and as many descriptors before
/// the first entry is read, against 2 MB for the files that are still written to.
struct JournalListing {
    /// All files.
    private(set) var files: [JournalFile] = []
    /// The directories that exist.
    private(set) var directories: [String] = []
    /// Those that were sought and do not exist.
    private(set) var missing: [String] = []
    /// The first that exists and may not be listed, or the first active file that may not be read.
    private(set) var denied: String?
    /// Why not all could be listed that is there: vitald is short of descriptors or memory.
    private(set) var shortage: JournalProblem?

    /// So many archived files are open at once, however many wait to be read.
    static let mostArchived = 8

    /// Lists a place. `machine` is the machine's id.
    init(_ place: JournalPlace, machine: String?) {
        switch place {
        case .machine(let roots):
            for root in roots { list("\(root)/\(machine ?? "")") }
        case .directory(let path):
            list(path)
            for name in names(in: path) ?? [] where Self.isMachine(name) { list("\(path)/\(name)") }
        }
    }

    /// Those that are still written to.
    var active: [JournalFile] { files.filter(\.isActive) }

    /// Archived ones that were written to at this time or later, the newest last; also those that may not be read.
    func archived(since time: WallTime) -> [JournalFile] {
        files.filter { !$0.isActive && $0.modified >= time }
            .sorted { $0.modified < $1.modified }
    }

    /// Why nothing can be read here; nil where something can.
    func problem(user: UInt32) -> JournalProblem? {
        if let shortage { return shortage }
        guard !active.contains(where: \.isReadable) else { return nil }
        if let problem = gap(user: user) { return problem }
        guard directories.isEmpty else {
            return .unavailable(
                "\(directories.joined(separator: " and ")) holds no journal that is being written: "
                    + "see whether systemd-journald runs (systemctl status systemd-journald)")
        }
        return .unavailable(
            "there is no journal at \(missing.joined(separator: " or ")): run vitald where systemd-journald does, "
                + "mount its directory, or take `journal` out of the configuration")
    }

    /// What may not be read here, whatever else can be: processes of a user whose file that is may belong to a unit
    /// that is followed.
    func gap(user: UInt32) -> JournalProblem? { denied.map { .denied($0, user: user) } }

    private mutating func list(_ directory: String) {
        guard let names = names(in: directory) else {
            if shortage != nil { return }
            if errno == ENOENT || errno == ENOTDIR {
                missing.append(directory)
            } else {
                denied = denied ?? directory
            }
            return
        }
        directories.append(directory)
        for name in names {
            guard let file = JournalFile(name, in: directory) else { continue }
            files.append(file)
            if file.isActive, !file.isReadable { denied = denied ?? file.path }
        }
    }

    /// The names in a directory in order; nil and errno where it cannot be listed.
    private mutating func names(in directory: String) -> [String]? {
        guard let stream = opendir(directory) else {
            let code = errno
            shortage = shortage ?? JournalProblem.shortage(code)
            errno = code
            return nil
        }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            names.append(name)
        }
        return names.sorted()
    }

    /// 32 digits: the directory of a machine, and of none of its namespaces.
    private static func isMachine(_ name: String) -> Bool {
        name.utf8.count == 32
            && name.utf8.allSatisfy { ($0 >= 0x30 && $0 <= 0x39) || ($0 >= 0x61 && $0 <= 0x66) }
    }
}
