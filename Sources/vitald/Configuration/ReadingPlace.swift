// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Which file a reading of the configuration is at: written on its lane, read by whoever waits for it in vain.
final class ReadingPlace: Sendable {
    private let current = Mutex<String?>(nil)

    /// Notes that this file is about to be opened.
    func enter(_ path: String) { current.withLock { $0 = path } }

    /// The file that was opened last; nil where the reading has not begun.
    var path: String? { current.withLock { $0 } }
}
