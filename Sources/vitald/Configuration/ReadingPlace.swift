// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Which file a reading of the configuration is at: written on its lane, read by whoever waits for it in vain.
final class ReadingPlace: Sendable {
    private let opened = Mutex<[String]>([])

    /// Notes that this file is about to be opened.
    func enter(_ path: String) { opened.withLock { $0.append(path) } }

    /// The file that was opened last; nil where the reading has not begun.
    var path: String? { opened.withLock(\.last) }

    /// The files that were opened, each once.
    var paths: [String] {
        opened.withLock { opened in
            var seen: Set<String> = []
            return opened.filter { seen.insert($0).inserted }
        }
    }
}
