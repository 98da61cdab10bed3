// SPDX-License-Identifier: Apache-2.0

/// The body of an answer as far as it is read: unpacked, and never beyond the bound.
package struct BodyReader {
    /// What is read of a body. A health answer is small; whatever is longer is a page or an attack.
    package static let bound = 64 * 1024

    /// How the body is packed (RFC 9110, 8.4).
    package enum Coding: Hashable {
        /// As it is.
        case identity
        /// `gzip` or `deflate`.
        case packed
        /// Something that cannot be unpacked here.
        case foreign

        /// Reads the header `Content-Encoding`, the values of all its lines.
        init(_ values: [String]) {
            let words = values.flatMap { $0.utf8.split(separator: UInt8(ascii: ",")) }
                .map { word in
                    String(
                        decoding: word.filter { $0 != 0x20 && $0 != 0x09 }.map(HostText.lowercased),
                        as: UTF8.self)
                }
                .filter { !$0.isEmpty && $0 != "identity" }
            switch words {
            case []: self = .identity
            case ["gzip"], ["x-gzip"], ["deflate"]: self = .packed
            default: self = .foreign
            }
        }
    }

    /// What follows from a piece.
    enum Step {
        /// Go on reading.
        case more
        /// Enough is read.
        case full
    }

    /// The bytes, unpacked where they could be.
    package private(set) var bytes: [UInt8] = []
    /// Whether there was more than the bound lets in.
    package private(set) var isTruncated = false
    /// Whether the packed data was not what it said it is.
    package private(set) var isBroken = false
    /// How it is packed.
    package let coding: Coding
    private let inflation: Inflation?

    init(_ coding: Coding) {
        self.coding = coding
        inflation = coding == .packed ? Inflation() : nil
    }

    /// Takes a piece of the body.
    mutating func append(_ piece: [UInt8]) -> Step {
        guard let inflation else {
            let room = Self.bound - bytes.count
            bytes.append(contentsOf: piece.prefix(room))
            isTruncated = piece.count > room
            return isTruncated ? .full : .more
        }
        switch inflation.unpack(piece, into: &bytes, limit: Self.bound + 1) {
        case .hungry, .ended: break
        case .full: break
        case .broken:
            isBroken = true
            return .full
        }
        // One byte beyond the bound tells a body that just fits from one that does not.
        guard bytes.count > Self.bound else { return .more }
        bytes.removeLast(bytes.count - Self.bound)
        isTruncated = true
        return .full
    }
}
