// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport
import Vitals

@testable import Sampling

/// What the kernel tests share: the captured tree, trees of their own, and a plain rendering of sheets.
enum KernelFixture {
    /// A Debian 12 host with podman, captured by `Tests/Fixtures/capture`.
    static var podmanHost: KernelRoots {
        let root = directory + "/linux-6.1-debian12-podman"
        return KernelRoots(proc: root + "/proc", sys: root + "/sys")
    }

    static var directory: String {
        var parts = #filePath.split(separator: "/")
        parts.removeLast(3)
        return "/" + parts.joined(separator: "/") + "/Fixtures"
    }

    static let worker =
        "/machine.slice/libpod-44fbd59eadc8d70dfdf4152f1c02d2e91e9f02df007127ad6bdf5da079ba7d9f.scope"
    static let idle =
        "/machine.slice/libpod-364624bd5ded5ba0f0366da97105686561c9519f6b8b5eef08867e2bc713038d.scope"

    static func sampler(
        _ roots: KernelRoots, _ options: KernelOptions = KernelOptions(),
        _ time: any TimeSource = HandClock(), tallies: TallyBook = TallyBook(),
        cgroupLimit: Int = CgroupTree.nodeLimit
    ) -> KernelSampler {
        KernelSampler(
            roots: roots, options: options, time: time, tallies: tallies, cgroupLimit: cgroupLimit)
    }

    /// Reads everything and renders the sheet, one sample a line.
    static func page(_ sampler: KernelSampler) -> [String] {
        var lines: [String] = []
        sampler.refresh(.full)
        sampler.withSheet { lines = Self.lines($0) }
        return lines
    }

    static func lines(_ sheet: borrowing Sheet) -> [String] {
        var lines: [String] = []
        let entries = sheet.entries
        for (index, entry) in entries.enumerated() {
            let end = index + 1 < entries.count ? entries[index + 1].first : sheet.samples.count
            for sample in sheet.samples[entry.first..<end] {
                var line = Array(entry.family.name.utf8)
                let start = Int(sample.labels.start)
                if sample.labels.count > 0 {
                    line += Array("{".utf8)
                    line += sheet.slab[start..<start + Int(sample.labels.count)]
                    line += Array("}".utf8)
                }
                line += Array(" ".utf8)
                NumberText.append(sample.value, to: &line)
                lines.append(String(decoding: line, as: UTF8.self))
            }
        }
        return lines
    }

    /// Runs a parser over a text.
    static func parse<Result>(_ text: String, _ body: (KernelBytes) -> Result) -> Result {
        parse(Array(text.utf8), body)
    }

    static func parse<Result>(_ bytes: [UInt8], _ body: (KernelBytes) -> Result) -> Result {
        bytes.withUnsafeBufferPointer { body(KernelBytes($0)) }
    }

    /// Runs a parser that fills a row, and returns what it filled and how many lines it did not understand.
    static func row(_ text: String, _ body: (KernelBytes, FigureRow) -> Int)
        -> (figures: [FigureColumn: Int64], bad: Int)
    {
        row(Array(text.utf8), body)
    }

    static func row(_ bytes: [UInt8], _ body: (KernelBytes, FigureRow) -> Int)
        -> (figures: [FigureColumn: Int64], bad: Int)
    {
        var memory = [Int64](repeating: FigureRow.missing, count: FigureColumn.count)
        let bad = memory.withUnsafeMutableBufferPointer { memory in
            memory.baseAddress.map { base in parse(bytes) { body($0, FigureRow(base)) } } ?? -1
        }
        var figures: [FigureColumn: Int64] = [:]
        for column in FigureColumn.allCases where memory[column.rawValue] != FigureRow.missing {
            figures[column] = memory[column.rawValue]
        }
        return (figures, bad)
    }

    /// The text of a small file; nil where it cannot be read.
    static func text(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = read(descriptor, &bytes, bytes.count)
        return count < 0 ? nil : String(decoding: bytes[..<count], as: UTF8.self)
    }

    /// The bytes of a file of the captured tree.
    static func file(_ path: String) throws -> [UInt8] {
        let descriptor = open(directory + "/linux-6.1-debian12-podman/" + path, O_RDONLY)
        guard descriptor >= 0 else { throw POSIXFault(errno) }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        let count = read(descriptor, &bytes, bytes.count)
        guard count >= 0 else { throw POSIXFault(errno) }
        return Array(bytes[..<count])
    }
}

/// A tree of plain files in a directory of its own, removed at its end.
final class PlainTree {
    let path: String

    init() throws {
        var template = Array("/tmp/vitald-test-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw POSIXFault(errno) }
        path = String(cString: made)
        mkdir(path + "/proc", 0o755)
        mkdir(path + "/sys", 0o755)
        mkdir(path + "/cgroup", 0o755)
    }

    deinit { remove("") }

    var roots: KernelRoots {
        KernelRoots(proc: path + "/proc", sys: path + "/sys", cgroup: path + "/cgroup")
    }

    /// Writes a file with the directories above it.
    func write(_ name: String, _ text: String) {
        var directory = path
        for part in name.split(separator: "/").dropLast() {
            directory += "/" + part
            mkdir(directory, 0o755)
        }
        let descriptor = open(path + "/" + name, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
        guard descriptor >= 0 else { return }
        _ = Array(text.utf8).withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        close(descriptor)
    }

    /// Makes a symbolic link with the directories above it.
    func link(_ name: String, to target: String) {
        write(name, "")
        unlink(path + "/" + name)
        symlink(target, path + "/" + name)
    }

    /// Puts a container below cgroup/ that has used this many µs.
    func container(_ name: String, usage: Int64, more: [String: String] = [:]) {
        let files = [
            "cgroup.events": "populated 1\nfrozen 0\n", "cgroup.procs": "",
            "cpu.stat": "usage_usec \(usage)\nuser_usec \(usage)\nsystem_usec 0\n",
        ]
        for (file, text) in files.merging(more, uniquingKeysWith: { $1 }) {
            write("cgroup/\(name)/\(file)", text)
        }
    }

    /// Removes a directory and all in it.
    func remove(_ name: String) {
        let target = name.isEmpty ? path : path + "/" + name
        guard let stream = opendir(target) else {
            unlink(target)
            return
        }
        var names: [String] = []
        while let entry = readdir(stream) {
            let offset = MemoryLayout<dirent>.offset(of: \dirent.d_name) ?? 19
            let text = (UnsafeRawPointer(entry) + offset).assumingMemoryBound(to: CChar.self)
            names.append(String(cString: text))
        }
        closedir(stream)
        for entry in names where entry != "." && entry != ".." {
            let child = (name.isEmpty ? "" : name + "/") + entry
            var status = stat()
            if lstat(path + "/" + child, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
                remove(child)
            } else {
                unlink(path + "/" + child)
            }
        }
        rmdir(target)
    }
}
