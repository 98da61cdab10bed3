// SPDX-License-Identifier: Apache-2.0

import CHiredis
import Glibc

/// hiredis's reader behind limits that a hostile or broken server cannot pass.
///
/// hiredis 0.14 allocates an array as long as the server says, before it has seen one element; here its length is
/// checked first. Its own limit on depth is 8 (its stack has nine places). The bytes are counted by whoever feeds.
final class RedisReader {
    /// A reply that is read at most: INFO of a large server is 10 KiB.
    static let byteLimit = 1 << 20
    /// Elements of all arrays between two resets.
    static let elementLimit: Int32 = 4096
    /// An unfinished line up to this length is searched again whenever something is added to it.
    private static let shortLine = 1024

    /// What the callback below finds behind `privdata`.
    private struct Budget {
        var elements: Int32
        let createArray: (@convention(c) (UnsafePointer<redisReadTask>?, Int32) -> UnsafeMutableRawPointer?)?
    }

    private let handle: UnsafeMutablePointer<redisReader>
    private let functions: UnsafeMutablePointer<redisReplyObjectFunctions>
    private let budget: UnsafeMutablePointer<Budget>
    /// Whether what was fed last can complete something.
    private var isWorthReading = false

    /// Makes a reader; nil without memory.
    init?() {
        guard let handle = redisReaderCreate() else { return nil }
        guard let defaults = handle.pointee.fn else {
            redisReaderFree(handle)
            return nil
        }
        self.handle = handle
        functions = .allocate(capacity: 1)
        functions.initialize(to: defaults.pointee)
        budget = .allocate(capacity: 1)
        budget.initialize(to: Budget(elements: Self.elementLimit, createArray: defaults.pointee.createArray))
        functions.pointee.createArray = { task, count in
            guard let task, let budget = task.pointee.privdata?.assumingMemoryBound(to: Budget.self),
                count >= 0, count <= budget.pointee.elements
            else { return nil }  // ends the reading with REDIS_ERR_OOM
            budget.pointee.elements -= count
            return budget.pointee.createArray?(task, count)
        }
        handle.pointee.fn = functions
        handle.pointee.privdata = UnsafeMutableRawPointer(budget)
    }

    deinit {
        redisReaderFree(handle)
        functions.deallocate()
        budget.deallocate()
    }

    /// Allows as many elements again; called between two requests.
    func reset() { budget.pointee.elements = Self.elementLimit }

    /// Whether everything that was fed has been read.
    var isEmpty: Bool { pending == 0 }

    /// Bytes of what has not been read completely.
    private var pending: Int { handle.pointee.len - handle.pointee.pos }

    /// Takes bytes of the server; false without memory, or after something that is not the protocol.
    ///
    /// hiredis looks through an unfinished line from its beginning at every try: a megabyte that comes byte by byte
    /// would keep it busy for minutes. Everything in the protocol ends in CR LF, so without one it is not tried.
    func feed(_ bytes: UnsafeRawBufferPointer) -> Bool {
        if pending <= Self.shortLine || holdsEndOfLine(bytes) { isWorthReading = true }
        let text = bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
        return redisReaderFeed(handle, text, bytes.count) == REDIS_OK
    }

    /// Whether a line ends in bytes that are added now.
    private func holdsEndOfLine(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var before = pending > 0 ? UInt8(bitPattern: handle.pointee.buf[handle.pointee.len - 1]) : 0
        for byte in bytes {
            if byte == 0x0A, before == 0x0D { return true }
            before = byte
        }
        return false
    }

    /// The next reply; nil when more bytes are needed.
    func next() throws(RedisFailure) -> RedisReply? {
        guard isWorthReading else { return nil }
        var reply: UnsafeMutableRawPointer?
        guard redisReaderGetReply(handle, &reply) == REDIS_OK else {
            if let reply { freeReplyObject(reply) }
            throw handle.pointee.err == REDIS_ERR_OOM ? .oversized : .malformed
        }
        guard let reply else {
            isWorthReading = false
            return nil
        }
        defer { freeReplyObject(reply) }
        return Self.convert(reply.assumingMemoryBound(to: redisReply.self))
    }

    /// Never deeper than the reader itself goes.
    private static func convert(_ reply: UnsafePointer<redisReply>) -> RedisReply {
        func bytes() -> [UInt8] {
            guard let text = reply.pointee.str else { return [] }
            return [UInt8](UnsafeRawBufferPointer(start: text, count: reply.pointee.len))
        }
        switch reply.pointee.type {
        case REDIS_REPLY_STATUS: return .status(String(decoding: bytes(), as: UTF8.self))
        case REDIS_REPLY_ERROR: return .error(String(decoding: bytes(), as: UTF8.self))
        case REDIS_REPLY_INTEGER: return .integer(reply.pointee.integer)
        case REDIS_REPLY_STRING: return .bulk(bytes())
        case REDIS_REPLY_ARRAY:
            guard let elements = reply.pointee.element else { return .array([]) }
            return .array(
                (0..<reply.pointee.elements).map { index in
                    guard let element = elements[index] else { return .null }
                    return convert(element)
                })
        default: return .null
        }
    }
}
