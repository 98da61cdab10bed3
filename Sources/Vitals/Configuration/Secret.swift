// SPDX-License-Identifier: Apache-2.0

/// A text that must not be seen: it has no way to print itself, and only `reveal` hands it out.
package struct Secret: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    private let text: String

    /// Wraps a text.
    package init(_ text: String) { self.text = text }

    /// Hands out the text to the one call that needs it.
    package func reveal<R>(_ use: (String) -> R) -> R { use(text) }

    /// Always the same stars.
    package var description: String { "***" }

    /// Always the same stars.
    package var debugDescription: String { "***" }

    /// No children: `dump` shows nothing either.
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}
