// SPDX-License-Identifier: Apache-2.0

/// Looks for a text within a text.
enum ByteSearchText {
    /// Whether `needle` stands anywhere in `hay`.
    static func holds(_ needle: String, _ hay: String) -> Bool { hay.contains(needle) }
}
