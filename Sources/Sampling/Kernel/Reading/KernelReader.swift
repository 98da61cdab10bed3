// SPDX-License-Identifier: Apache-2.0

import Glibc
import Vitals

/// Opens and reads kernel files into one buffer that is used again and again, and counts what stays open.
///
/// A kept descriptor saves open and close, two thirds of the price of a kernel file. When descriptors run short,
/// files are opened for the one read, and what was kept is given back.
final class KernelReader {
    /// A kernel file that may be kept open.
    struct KeptFile {
        /// The descriptor, or -1 while it is not open.
        var descriptor: Int32 = -1
        /// When to look again for a file that was missing or not permitted, ns of the monotonic clock.
        var retryAt = Int64.min
        /// Why it is not permitted; 0 where it is missing.
        var refusal: Int32 = 0

        /// Takes note of what will be the same for a while.
        fileprivate mutating func note(_ contents: Contents, _ now: Int64) {
            switch contents {
            case .missing: refusal = 0
            case .failed(let code) where code == EACCES || code == EPERM: refusal = code
            default: return
            }
            retryAt = now &+ KernelReader.retryInterval
        }
    }

    /// What a read brought.
    enum Contents {
        /// The bytes, valid until the next read.
        case bytes(KernelBytes)
        /// The kernel does not have this file.
        case missing
        /// The cgroup or process is gone (ENODEV, ESRCH).
        case gone
        /// Something else, such as EIO, EMFILE or EACCES: the figure is unknown this time.
        case failed(Int32)
    }

    /// Missing files appear at run time, when systemd switches a controller on: look again this often.
    static let retryInterval: Int64 = 10_000_000_000
    /// What the kernel's seq_file gives at once holds whole records, as many as fit into a page, and no kernel's page is
    /// smaller than this.
    private static let pieceSize = 4096
    /// A line of cgroup.procs: a pid below 2^22.
    static let longestProcess = 12
    /// A line of net/dev: 15 bytes of name, 16 numbers of at most 20 digits and their blanks.
    static let longestInterface = 512
    /// cgroup.procs of a host with 100,000 processes is 700 KB; nothing that is read is near this.
    static let bufferLimit = 16 << 20

    /// How many descriptors may be kept at once, whatever the limit of the process is.
    private var bound: Int
    /// How many the limit of the process leaves.
    private var room = 0
    /// From this number on none is kept.
    private var highest = Int32.max
    private let allowed: () -> Int
    /// How many are kept.
    private(set) var kept = 0
    /// How many opens were tried: tells whether a round opened anything.
    private(set) var opens = 0
    /// Refuses to open a name, by an errno; nil but for tests of what cannot be brought about at will.
    var denial: ((UnsafePointer<CChar>) -> Int32?)?
    private var buffer: UnsafeMutableBufferPointer<UInt8>

    /// Keeps so many descriptors at most, and no more than the limit of the process leaves after sockets, connections and
    /// probes have theirs. `allowed` gives that limit, which may change at any time (prlimit(1)).
    init(budget: Int?, allowed: @escaping () -> Int = KernelReader.processLimit) {
        bound = budget ?? .max
        self.allowed = allowed
        buffer = .allocate(capacity: 64 << 10)
        lookAtLimit()
    }

    deinit { buffer.deallocate() }

    /// This process's RLIMIT_NOFILE.
    static func processLimit() -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 1024 }
        return Int(clamping: limit.rlim_cur)
    }

    /// 1024 connections of the socket, 128 of `http.sock`, 256 over TCP, 64 refused ones that linger, what is kept for
    /// checks and administrators, and some.
    private static let reserved = 1664

    /// Goes by the limit that the process has now; to be called before each reading.
    func lookAtLimit() {
        let limit = min(max(0, allowed()), Int(Int32.max))
        room = max(0, limit - max(Self.reserved / 4, min(limit / 2, Self.reserved)))
        highest = Int32(clamping: limit - DescriptorShare.checks(of: limit))
    }

    private var budget: Int { min(bound, room) }

    /// Whether a descriptor that is kept has to be given back: the limit was lowered.
    func mustRelease(_ descriptor: Int32) -> Bool {
        descriptor >= 0 && (descriptor >= highest || kept > budget)
    }

    /// Opens a file or directory; negative errno where that fails.
    func open(_ name: UnsafePointer<CChar>, in directory: Int32, _ flags: Int32 = 0) -> Int32 {
        opens &+= 1
        if let code = denial?(name) { return -code }
        while true {
            let descriptor = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | flags)
            if descriptor >= 0 { return descriptor }
            let code = errno
            if code == EINTR { continue }
            // Nothing left: what is kept from now on is what is kept now.
            if code == EMFILE || code == ENFILE { bound = min(bound, kept) }
            return -code
        }
    }

    /// Whether one more descriptor may be kept; if so it counts as kept. One of the last below the limit may not: the
    /// kernel gives the lowest that is free, so those are all that is left for checks.
    func mayKeep(_ descriptor: Int32) -> Bool {
        guard kept < budget, descriptor < highest else { return false }
        kept += 1
        return true
    }

    /// Closes a descriptor that was kept.
    func release(_ descriptor: inout Int32) {
        guard descriptor >= 0 else { return }
        close(descriptor)
        descriptor = -1
        kept -= 1
    }

    /// Reads a file of a directory, keeping it open where the budget allows. A `streamed` file comes in pieces, of records
    /// that are no longer than `record` where that is known.
    func read(
        _ file: inout KeptFile, _ name: StaticString, in directory: Int32, streamed: Bool = false,
        record: Int? = nil, now: Int64
    ) -> Contents {
        if file.descriptor >= 0 {
            let contents = read(file.descriptor, streamed: streamed, record: record)
            if case .bytes = contents {
                if mustRelease(file.descriptor) { release(&file.descriptor) }
                return contents
            }
            release(&file.descriptor)
            file.note(contents, now)
            return contents
        }
        guard now >= file.retryAt else { return file.refusal == 0 ? .missing : .failed(file.refusal) }
        let descriptor = open(name.pointer, in: directory)
        guard descriptor >= 0 else {
            let contents = Self.contents(of: -descriptor)
            file.note(contents, now)
            return contents
        }
        let contents = read(descriptor, streamed: streamed, record: record)
        if case .bytes = contents, mayKeep(descriptor) {
            file.descriptor = descriptor
            return contents
        }
        close(descriptor)
        file.note(contents, now)
        return contents
    }

    /// Reads a file once, by its path.
    func read(path: String, streamed: Bool = true) -> Contents {
        let descriptor = path.withCString { open($0, in: AT_FDCWD) }
        guard descriptor >= 0 else { return Self.contents(of: -descriptor) }
        defer { close(descriptor) }
        return read(descriptor, streamed: streamed)
    }

    /// Reads a file of a directory once.
    func read(_ name: StaticString, in directory: Int32, record: Int? = nil) -> Contents {
        let descriptor = open(name.pointer, in: directory)
        guard descriptor >= 0 else { return Self.contents(of: -descriptor) }
        defer { close(descriptor) }
        return read(descriptor, streamed: true, record: record)
    }

    /// Reads from the start. Files that the kernel shows in one piece need one call; those that it shows record
    /// by record (`streamed`) are read until the end says 0, or until a piece had room for another record: the kernel
    /// ends a piece only where the next one does not fit (`seq_read_iter`), so there is none.
    private func read(_ descriptor: Int32, streamed: Bool, record: Int? = nil) -> Contents {
        var count = 0
        while true {
            let free = buffer.count - count
            let n = pread(descriptor, buffer.baseAddress.map { $0 + count }, free, off_t(count))
            if n < 0 {
                if errno == EINTR { continue }
                return Self.contents(of: errno)
            }
            count += n
            if n == 0 || (!streamed && n < free) { break }
            if let record, n < free, n + record < Self.pieceSize { break }
            if count == buffer.count {
                guard count < Self.bufferLimit else { return .failed(EFBIG) }
                let larger = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: count * 4)
                _ = larger.update(fromContentsOf: buffer)
                buffer.deallocate()
                buffer = larger
            }
        }
        return .bytes(KernelBytes(UnsafeBufferPointer(rebasing: buffer[..<count])))
    }

    static func contents(of code: Int32) -> Contents {
        switch code {
        // EOPNOTSUPP: PSI switched off, or a threaded cgroup's cgroup.procs.
        case ENOENT, EOPNOTSUPP, EINVAL, ENOTDIR: .missing
        case ENODEV, ESRCH: .gone
        default: .failed(code)
        }
    }
}

extension StaticString {
    /// The text for C: literals end in NUL.
    var pointer: UnsafePointer<CChar> {
        UnsafeRawPointer(utf8Start).assumingMemoryBound(to: CChar.self)
    }
}
