// SPDX-License-Identifier: Apache-2.0

import CZlib

/// Unpacks `gzip` and `deflate` bodies piece by piece, never further than asked.
final class Inflation {
    /// How a piece ended.
    enum Step {
        /// All of it is unpacked; more may come.
        case hungry
        /// The bound is reached; there is more to unpack.
        case full
        /// The packed data ended.
        case ended
        /// It is not what it says it is.
        case broken
    }

    /// `deflate` means zlib's format (RFC 9110, 8.4.1.2), but some servers send the bare one.
    private enum Format: Int32 {
        /// 15 bits of window, and 32 to tell gzip and zlib apart by their headers (zlib.h, inflateInit2).
        case wrapped = 47
        /// The same window, no header (negative).
        case bare = -15
    }

    private var stream = z_stream()
    private var isOpen = false
    private var ended = false
    private var total = 0

    init() { isOpen = open(.wrapped) }

    deinit { if isOpen { inflateEnd(&stream) } }

    /// Unpacks a piece behind `out`, until `out` holds `limit` bytes.
    func unpack(_ piece: [UInt8], into out: inout [UInt8], limit: Int) -> Step {
        guard isOpen else { return .broken }
        if ended { return .ended }
        let isFirst = total == 0
        total += piece.count
        let before = out.count
        let step = run(piece, &out, limit)
        guard case .broken = step, isFirst, out.count == before else { return step }
        inflateEnd(&stream)
        isOpen = open(.bare)
        return isOpen ? run(piece, &out, limit) : .broken
    }

    private func open(_ format: Format) -> Bool {
        stream = z_stream()
        return vitald_inflateInit2(&stream, format.rawValue) == Z_OK
    }

    private func run(_ piece: [UInt8], _ out: inout [UInt8], _ limit: Int) -> Step {
        var chunk = [UInt8](repeating: 0, count: 16_384)
        var packed = piece
        return packed.withUnsafeMutableBufferPointer { input in
            stream.next_in = input.baseAddress
            stream.avail_in = UInt32(clamping: input.count)
            defer {
                stream.next_in = nil
                stream.avail_in = 0
            }
            while true {
                let room = min(chunk.count, limit - out.count)
                if room <= 0 { return .full }
                let (code, made) = chunk.withUnsafeMutableBufferPointer { output in
                    stream.next_out = output.baseAddress
                    stream.avail_out = UInt32(clamping: room)
                    let code = inflate(&stream, Z_NO_FLUSH)
                    return (code, room - Int(stream.avail_out))
                }
                out.append(contentsOf: chunk[..<made])
                switch code {
                case Z_STREAM_END:
                    ended = true
                    return .ended
                case Z_OK: if stream.avail_in == 0, made < room { return .hungry }
                case Z_BUF_ERROR: return .hungry  // nothing left to work on; not an error (zlib.h)
                default: return .broken
                }
            }
        }
    }
}
