// SPDX-License-Identifier: Apache-2.0

import CZlib
import NIOCore

/// Unpacks a body of gzip (RFC 1952) piece by piece, never further than asked; owns one inflate state.
final class GunzipStream {
    /// Why unpacking ends.
    enum Fault: Error, Equatable {
        /// The bound is reached, and there is more.
        case tooLong
        /// It is not gzip, or its checksum or length is wrong.
        case malformed
    }

    /// What zlib keeps for one stream: its window and state (zconf.h, "memory requirements").
    static let cost = 48 * 1024
    /// 15 bits of window, and 16 for a gzip header alone (zlib.h, inflateInit2).
    private static let windowBits: CInt = 15 + 16
    /// Bytes that are unpacked in one go.
    private static let step = 16_384

    /// On the heap, since zlib's state keeps a pointer back to the stream it was made for.
    private let stream: UnsafeMutablePointer<z_stream>
    private let isReady: Bool
    /// Whether a member has ended and no other began: only there may the body end.
    private(set) var isComplete = false

    init() {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        isReady = vitald_inflateInit2(stream, Self.windowBits) == Z_OK
    }

    deinit {
        if isReady { inflateEnd(stream) }
        stream.deallocate()
    }

    /// Unpacks a piece behind `out`, which may hold up to `limit` bytes.
    func unpack(_ piece: ByteBuffer, into out: inout ByteBuffer, limit: Int) throws(Fault) {
        guard isReady else { throw .malformed }
        let fault = piece.withUnsafeReadableBytes { source -> Fault? in
            // zlib only reads from next_in; its header lacks the const.
            stream.pointee.next_in = UnsafeMutablePointer(
                mutating: source.bindMemory(to: UInt8.self).baseAddress)
            stream.pointee.avail_in = UInt32(clamping: source.count)
            defer {
                stream.pointee.next_in = nil
                stream.pointee.avail_in = 0
            }
            while true {
                switch advance(&out, limit) {
                case .more: continue
                case .done: return nil
                case .fault(let fault): return fault
                }
            }
        }
        if let fault { throw fault }
    }

    private enum Step {
        /// There is more to unpack.
        case more
        /// The piece is unpacked.
        case done
        case fault(Fault)
    }

    /// Unpacks as much of the piece as fits into one step; of several members, goes on with the next.
    private func advance(_ out: inout ByteBuffer, _ limit: Int) -> Step {
        if isComplete {
            guard stream.pointee.avail_in > 0 else { return .done }
            guard inflateReset(stream) == Z_OK else { return .fault(.malformed) }
            isComplete = false
        }
        // One byte more than fits, so that what is too long is seen.
        let room = min(Self.step, limit - out.readableBytes + 1)
        var code = Z_OK
        out.writeWithUnsafeMutableBytes(minimumWritableBytes: room) { target in
            stream.pointee.next_out = target.bindMemory(to: UInt8.self).baseAddress
            stream.pointee.avail_out = UInt32(clamping: room)
            code = inflate(stream, Z_NO_FLUSH)
            return room - Int(stream.pointee.avail_out)
        }
        if out.readableBytes > limit { return .fault(.tooLong) }
        switch code {
        case Z_STREAM_END:
            isComplete = true
            return .more
        // A step that was filled may have left something behind.
        case Z_OK: return stream.pointee.avail_in > 0 || stream.pointee.avail_out == 0 ? .more : .done
        case Z_BUF_ERROR: return .done  // nothing left to work on; not an error (zlib.h)
        default: return .fault(.malformed)
        }
    }
}
