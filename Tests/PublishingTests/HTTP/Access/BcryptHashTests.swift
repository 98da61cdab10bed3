// SPDX-License-Identifier: Apache-2.0

import Testing
import Vitals

@testable import Publishing

@Suite("bcrypt hashes")
struct BcryptHashTests {
    /// Of crypt_blowfish's own test vectors, whose password is U*U.
    private static let tail = "$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"

    @Test("all three marks of the present algorithm are taken", arguments: ["$2a", "$2b", "$2y"])
    func marks(_ mark: String) throws {
        let hash = try BcryptHash(mark + Self.tail)

        #expect(hash.cost == 5)
        #expect(hash.matches(Secret("U*U")))
        #expect(!hash.matches(Secret("U*U*")))
        #expect(!hash.matches(Secret("")))
    }

    @Test(
        "a wrong password is as much work whatever the hash costs, a right one no more than it does",
        arguments: 5...8)
    func work(_ dearest: Int) throws {
        let hash = try BcryptHash("$2y" + Self.tail)

        let wrong = hash.compare(Secret("wrong"), upTo: dearest)
        #expect(!wrong.isRight)
        #expect(wrong.rounds == 1 << dearest)
        let right = hash.compare(Secret("U*U"), upTo: dearest)
        #expect(right.isRight)
        #expect(right.rounds == 1 << 5)
    }

    @Test("a password that crypt(3) would read only half of is none")
    func impossible() throws {
        let hash = try BcryptHash("$2y" + Self.tail)

        #expect(!hash.matches(Secret("U*U\0")))
        #expect(!hash.matches(Secret("U*U\0x")))
        #expect(!hash.matches(Secret(String(repeating: "x", count: 513))))
    }

    @Test(
        "anything else is refused",
        arguments: [
            "", "password", "$2x" + tail, "$1$abc$def", "$6$rounds=5000$salt$hash", "$2y" + tail + "x",
            "$2y$5$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", String(("$2y" + tail).dropLast()),
            "$2y$03$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
            "$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyO W",
        ])
    func refuses(_ text: String) {
        #expect(throws: BcryptHash.Fault.noBcrypt) { try BcryptHash(text) }
    }

    @Test("a cost that takes seconds is refused, and a hash does not print itself")
    func bounds() throws {
        let costly = "$2y$15$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"

        #expect(throws: BcryptHash.Fault.tooCostly(15)) { try BcryptHash(costly) }
        let hash = try BcryptHash("$2y" + Self.tail)
        #expect(!"\(hash)".contains("CCCC"))
        #expect(!String(reflecting: hash).contains("CCCC"))
    }
}
