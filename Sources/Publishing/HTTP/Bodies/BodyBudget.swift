// SPDX-License-Identifier: Apache-2.0

/// What all bodies that are being read or answered hold together. Lives on the event loop.
final class BodyBudget {
    private let most: Int
    private(set) var held = 0

    init(bytes: Int) { most = bytes }

    /// Takes so many bytes; false when that would be too many.
    func take(_ count: Int) -> Bool {
        guard held + count <= most else { return false }
        held += count
        return true
    }

    /// Gives bytes back.
    func giveBack(_ count: Int) { held -= count }
}
