// SPDX-License-Identifier: Apache-2.0

/// Looks for bytes within bytes; `String.contains(String)` would link 1.4 MiB of Unicode tables.
package enum ByteSearch {
    /// Whether `needle` stands anywhere in `hay`; an empty one does.
    package static func holds(_ needle: [UInt8], in hay: [UInt8]) -> Bool {
        guard let first = needle.first else { return true }
        guard needle.count <= hay.count else { return false }
        return hay.withUnsafeBufferPointer { hay in
            needle.withUnsafeBufferPointer { needle in
                for start in 0...(hay.count - needle.count) where hay[start] == first {
                    var i = 1
                    while i < needle.count, hay[start + i] == needle[i] { i += 1 }
                    if i == needle.count { return true }
                }
                return false
            }
        }
    }
}
