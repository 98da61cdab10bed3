// SPDX-License-Identifier: Apache-2.0

/// What stands for a secret where secrets are compared and remembered: HMAC-SHA-256 (RFC 2104) under a key of this
/// process. Nobody outside can aim at one, so the time that a comparison takes tells nothing.
struct Fingerprint: Hashable, Sendable {
    private let digest: [UInt8]

    /// One of so many places, at most 256, that nobody outside can foretell.
    func place(among count: Int) -> Int { Int(digest.first ?? 0) % count }

    /// Makes fingerprints.
    struct Maker: Sendable {
        private let inner: [UInt8]
        private let outer: [UInt8]

        /// Makes a key that nobody knows.
        init() {
            var random = SystemRandomNumberGenerator()
            self.init(key: (0..<SHA256.block).map { _ in random.next() })
        }

        /// Takes a key of at most one block.
        init(key: [UInt8]) {
            let key = key + Array(repeating: 0, count: max(0, SHA256.block - key.count))
            inner = key.map { $0 ^ 0x36 }
            outer = key.map { $0 ^ 0x5c }
        }

        /// The fingerprint of these parts. Each goes in behind its length: `("ab", "c")` is not `("a", "bc")`, which
        /// is how a cache of logins was poisoned once (CVE-2022-46146).
        func callAsFunction(_ parts: String...) -> Fingerprint {
            var message: [UInt8] = []
            for part in parts {
                let bytes = Array(part.utf8)
                withUnsafeBytes(of: UInt64(bytes.count).bigEndian) { message += $0 }
                message += bytes
            }
            return Fingerprint(digest: authenticate(message))
        }

        /// HMAC of a message.
        func authenticate(_ message: [UInt8]) -> [UInt8] {
            SHA256.digest(outer + SHA256.digest(inner + message))
        }
    }
}
