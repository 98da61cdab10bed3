// SPDX-License-Identifier: Apache-2.0

import NIOHTTP1

/// Where a request's body ends (RFC 9112, section 6). A plain value: the gate asks it about the bytes that come.
enum BodyFraming: Equatable {
    /// So many bytes.
    case length(Int)
    /// Chunks, each with its length in front.
    case chunked(ChunkScanner)

    /// Why a body cannot be told from what comes behind it.
    enum Fault: Error, Equatable {
        /// `Content-Length` is not one number.
        case length
        /// Both ways of framing, or chunks in HTTP/1.0: what two servers read differently.
        case ambiguous
        /// A transfer coding other than `chunked`.
        case coding
    }

    /// How far a look at some bytes got.
    enum Progress: Equatable {
        /// More belongs to the body.
        case more
        /// The body is whole.
        case whole
        /// It is not a body; the sentence says why.
        case malformed(String)
    }

    /// Whether a head announces a body. `Content-Length: 0` announces none.
    static func isAnnounced(by head: HTTPRequestHead) -> Bool {
        head.headers.contains(name: "transfer-encoding")
            || head.headers["content-length"].contains { number($0) != 0 }
    }

    /// The framing that a head announces.
    init(_ head: HTTPRequestHead) throws(Fault) {
        let lengths = head.headers["content-length"]
        let codings = head.headers["transfer-encoding"]
        guard codings.isEmpty else {
            guard lengths.isEmpty, !head.version.isBefore1_1 else { throw .ambiguous }
            guard codings.count == 1, codings[0].lowercased() == "chunked" else { throw .coding }
            self = .chunked(ChunkScanner())
            return
        }
        guard lengths.count == 1, let length = Self.number(lengths[0]) else { throw .length }
        self = .length(length)
    }

    /// Looks at bytes that come next; gives how many of them belong to the body.
    mutating func take(_ bytes: UnsafeRawBufferPointer) -> (count: Int, Progress) {
        switch self {
        case .length(let left):
            let count = min(left, bytes.count)
            self = .length(left - count)
            return (count, count == left ? .whole : .more)
        case .chunked(var scanner):
            let result = scanner.take(bytes)
            self = .chunked(scanner)
            return result
        }
    }

    /// Digits only: no sign, no blank, no list.
    private static func number(_ text: String) -> Int? {
        guard (1...18).contains(text.utf8.count),
            text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { return nil }
        return Int(text)
    }
}
