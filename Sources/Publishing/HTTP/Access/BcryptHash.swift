// SPDX-License-Identifier: Apache-2.0

import CCrypt
import Glibc
package import Vitals

/// The bcrypt hash of a password, as `htpasswd -B` writes it and Prometheus' exporters take it.
///
/// ```
/// $2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi
/// ```
/// Version, cost (2^10 rounds), 22 characters of salt, 31 of hash (crypt(5)).
package struct BcryptHash: Sendable, Hashable {
    /// Why a text is no such hash.
    package enum Fault: Error, Equatable {
        /// It is something else: a password, another kind of hash, half of one.
        case noBcrypt
        /// One attempt would take seconds.
        case tooCostly(Int)
    }

    /// About a second of one core for an attempt; every step doubles it.
    package static let highestCost = 14
    /// The longest password that is tried; longer ones than this crypt(3) refuses as well.
    static let longestPassword = 512
    private static let length = 60

    /// How many doublings an attempt takes.
    package let cost: Int
    private let text: Secret

    /// Reads a hash.
    package init(_ text: String) throws(Fault) {
        let bytes = Array(text.utf8)
        guard bytes.count == Self.length, bytes.starts(with: "$2".utf8),
            "aby".utf8.contains(bytes[2]), bytes[3] == UInt8(ascii: "$"), bytes[6] == UInt8(ascii: "$"),
            let cost = Int(String(decoding: bytes[4...5], as: UTF8.self)), (4...31).contains(cost),
            bytes[7...].allSatisfy(Self.isDigit)
        else { throw .noBcrypt }
        guard cost <= Self.highestCost else { throw .tooCostly(cost) }
        self.cost = cost
        self.text = Secret(text)
    }

    /// Whether this is the hash of the password. Takes 2^`cost` rounds: never on the event loop.
    package func matches(_ password: Secret) -> Bool { compare(password, upTo: cost).isRight }

    /// The same, but a wrong password takes 2^`dearest` rounds whatever the hash costs, so that time does not tell
    /// whose hash it was compared with: 2^c + 2^c + 2^(c+1) + … + 2^(d-1) = 2^d.
    func compare(_ password: Secret, upTo dearest: Int) -> (isRight: Bool, rounds: Int) {
        password.reveal { password in
            guard Self.isPossible(password) else { return (false, 0) }
            return text.reveal { text in
                if Self.isHash(text, of: password) { return (true, 1 << cost) }
                var rounds = 1 << cost
                for more in cost..<max(cost, dearest) {
                    let digits = more < 10 ? "0\(more)" : "\(more)"
                    _ = Self.isHash("\(text.prefix(4))\(digits)\(text.dropFirst(6))", of: password)
                    rounds += 1 << more
                }
                return (false, rounds)
            }
        }
    }

    /// Hands out the text, to be hashed into a fingerprint.
    func reveal<R>(_ use: (String) -> R) -> R { text.reveal(use) }

    /// Whether crypt(3) would read all of it: it ends a password at a NUL and takes no longer ones.
    static func isPossible(_ password: String) -> Bool {
        password.utf8.count <= longestPassword && !password.utf8.contains(0)
    }

    private static func isHash(_ text: String, of password: String) -> Bool {
        // 32 KiB, on the heap for the sake of small stacks, and nothing of the password stays in it.
        let data = UnsafeMutableRawPointer.allocate(
            byteCount: MemoryLayout<crypt_data>.size, alignment: MemoryLayout<crypt_data>.alignment)
        memset(data, 0, MemoryLayout<crypt_data>.size)
        defer {
            explicit_bzero(data, MemoryLayout<crypt_data>.size)
            data.deallocate()
        }
        guard let made = crypt_rn(password, text, data, Int32(MemoryLayout<crypt_data>.size)) else {
            return false
        }
        let wanted = Array(text.utf8)
        guard strlen(made) == wanted.count else { return false }
        var difference: UInt8 = 0
        for (i, byte) in wanted.enumerated() { difference |= byte ^ UInt8(bitPattern: made[i]) }
        return difference == 0
    }

    /// The alphabet of bcrypt's base 64.
    private static func isDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "/"):
            true
        default: false
        }
    }
}
